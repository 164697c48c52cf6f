import { expect } from 'chai';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { embeddedDialect } from '#adapters/stomp/dialects/embedded.js';
import type { StompConnection } from '#adapters/stomp/stomp-connection.js';
import { openConnection } from '#adapters/stomp/connection.js';
import type { IncomingFrame } from '#adapters/stomp/incoming-frame.js';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { systemClock } from '#app/system-clock.js';
import { failureOf } from '../../../support/errors.js';
import { freePort } from '../../../support/free-port.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const frameTo = (address: string): Parameters<StompConnection['send']>[0] => ({
  ...{ address, headers: {}, body: Buffer.from('body'), asText: false },
});

describe('connecting to a broker', () => {
  const bench = stompBench();

  it('logs in with the host and the login it was given, and finds the dialect', async () => {
    const [connection, server] = await bench.connect({
      login: 'user',
      passcode: 'pass',
      heartbeatMs: 10_000,
    });
    expect(Object.fromEntries((await server.frame('CONNECT')).headers)).to.deep.equal({
      ...{ host: '/', login: 'user', passcode: 'pass' },
      ...{ 'accept-version': '1.2,1.1', 'heart-beat': '10000,10000' },
    });
    expect(connection.broker).to.include({ dialect: classicDialect, server: 'ActiveMQ/6.3.1' });
    expect([connection.isOpen(), connection.endpoint]).to.deep.equal([true, bench.server.url]);
  });

  it('prefers the login in the address, and sends none where there is none', async () => {
    const [endpoint] = parseBrokerUrl(`stomp://own:secret@127.0.0.1:${bench.server.port}/virtual`).endpoints;
    const settings = bench.settings({ login: 'user', passcode: 'pass' });
    const connection = await openConnection(endpoint!, settings);
    const { headers } = (await bench.server.connection(1)).frames[0]!;
    expect(Object.fromEntries(headers)).to.include({ login: 'own', passcode: 'secret', host: 'virtual' });
    await connection.close(500);
    const [, server] = await bench.connect();
    expect([...(await server.frame('CONNECT')).headers.keys()]).to.not.include.members(['login', 'passcode']);
  });

  it('names the virtual host that it was given, unless the address names one, and else /', async () => {
    const hostOf = async (path: string, virtualHost?: string): Promise<string | undefined> => {
      const nth = bench.server.connections.length + 1;
      const [endpoint] = parseBrokerUrl(`${bench.server.url}${path}`).endpoints;
      const connection = await openConnection(endpoint!, bench.settings({ virtualHost }));
      const { headers } = await (await bench.server.connection(nth)).frame('CONNECT');
      await connection.close(500);
      return headers.get('host');
    };
    expect(await hostOf('', 'orders')).to.equal('orders');
    expect(await hostOf('/own%2Fhost', 'orders')).to.equal('own/host');
    expect(await hostOf('/')).to.equal('/');
  });

  it('takes the dialect it was told instead of the one it finds', async () => {
    const [connection] = await bench.connect({ dialect: embeddedDialect });
    expect(connection.broker.dialect).to.equal(embeddedDialect);
  });

  it('fails with BROKER_LOGIN_REFUSED when the login is refused, and says what the broker said', async () => {
    bench.server.rule((_, connection) => {
      connection.send('ERROR', { message: 'User name [user] is invalid.' });
      connection.end();
      return 'handled';
    });
    const error = await failureOf(bench.connect({ login: 'user', passcode: 'pass' }));
    expect(error).to.include({ code: 'BROKER_LOGIN_REFUSED', retryable: true });
    expect(error.message).to.contain('User name [user] is invalid.');
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
  });

  it('fails with BROKER_UNAVAILABLE when nobody listens', async () => {
    const [endpoint] = parseBrokerUrl(`stomp://127.0.0.1:${await freePort()}`).endpoints;
    const error = await failureOf(openConnection(endpoint!, bench.settings()));
    expect(error.code).to.equal('BROKER_UNAVAILABLE');
    expect(error.message).to.contain('ECONNREFUSED');
  });

  it('fails with BROKER_UNAVAILABLE when the server closes instead of answering', async () => {
    bench.server.rule((_, connection) => {
      connection.destroy();
      return 'handled';
    });
    expect((await failureOf(bench.connect())).code).to.equal('BROKER_UNAVAILABLE');
  });

  it('fails at its deadline when the server does not answer, and ends the socket', async () => {
    bench.server.rule(() => 'handled');
    const clock = createManualClock();
    const connecting = failureOf(bench.connect({ clock, connectTimeoutMs: 10_000 }));
    await bench.server.connection(1);
    clock.advance(10_000);
    const error = await connecting;
    expect(error.code).to.equal('BROKER_UNAVAILABLE');
    expect(error.message).to.contain('did not answer within 10000 ms');
    expect(clock.pending).to.equal(0);
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
  });

  it('gives up when it is told to, before and while it connects', async () => {
    bench.server.rule(() => 'handled');
    const [endpoint] = parseBrokerUrl(bench.server.url).endpoints;
    const clock = createManualClock();
    const given = new AbortController();
    const connecting = failureOf(openConnection(endpoint!, bench.settings({ clock }), given.signal));
    await bench.server.connection(1);
    given.abort();
    expect((await connecting).code).to.equal('BROKER_UNAVAILABLE');
    const another = failureOf(openConnection(endpoint!, bench.settings({ clock }), given.signal));
    expect((await another).code).to.equal('BROKER_UNAVAILABLE');
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
    expect([bench.server.connections.length, clock.pending]).to.deep.equal([1, 0]);
  });
});

describe('connecting to a broker that is not supported', () => {
  const bench = stompBench({ name: 'stompserver/1.0' });

  it('fails with BROKER_UNSUPPORTED and ends the socket', async () => {
    const error = await failureOf(bench.connect());
    expect(error.code).to.equal('BROKER_UNSUPPORTED');
    expect(error.message).to.contain('stompserver/1.0');
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
  });
});

describe('a connection to a broker', () => {
  const bench = stompBench();
  let clock: ManualClock;

  beforeEach(() => {
    clock = createManualClock();
  });

  it('sends bytes with their length, and text without', async () => {
    const [connection, server] = await bench.connect();
    await connection.send({ ...frameTo('/queue/q'), headers: { a: 'b:c' }, body: Buffer.of(0, 255) });
    await connection.send({ ...frameTo('/queue/q'), body: Buffer.from('grüße'), asText: true });
    const [bytes, text] = server.framesOf('SEND');
    expect(Object.fromEntries(bytes!.headers)).to.include({
      destination: '/queue/q',
      a: 'b:c',
      'content-length': '2',
    });
    expect(bytes!.body).to.deep.equal(Buffer.of(0, 255));
    expect([text!.headers.has('content-length'), text!.body.toString()]).to.deep.equal([false, 'grüße']);
  });

  it('resolves each send with its own receipt, in whatever order they come', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect();
    const order: string[] = [];
    const sending = ['1', '2'].map((name) =>
      connection.send(frameTo(`/queue/${name}`)).then(() => order.push(name)),
    );
    await server.frame('SEND', 2);
    expect(connection.unconfirmed).to.equal(2);
    for (const frame of [...server.framesOf('SEND')].reverse()) server.confirm(frame);
    await Promise.all(sending);
    expect([order, connection.unconfirmed]).to.deep.equal([['2', '1'], 0]);
  });

  it('rejects only the send that an ERROR names, and goes on', async () => {
    bench.server.rule((frame, server) => {
      const receipt = frame.headers.get('receipt');
      if (frame.headers.get('destination') !== '/queue/closed' || receipt === undefined) return 'default';
      server.send('ERROR', { 'receipt-id': receipt, message: 'not authorized' }, 'stack trace');
      return 'handled';
    });
    const [connection] = await bench.connect();
    const refused = failureOf(connection.send(frameTo('/queue/closed')));
    const taken = connection.send(frameTo('/queue/q'));
    expect(await refused).to.include({
      code: 'SEND_REFUSED',
      destination: '/queue/closed',
      retryable: false,
    });
    expect((await refused).message).to.contain('not authorized');
    await taken;
    expect(connection.isOpen()).to.equal(true);
  });

  it('rejects the subscription that an ERROR names', async () => {
    bench.server.rule((frame, server) => {
      if (frame.command !== 'SUBSCRIBE') return 'default';
      server.send('ERROR', { 'receipt-id': frame.headers.get('receipt') ?? '', message: 'no' });
      return 'handled';
    });
    const [connection] = await bench.connect();
    const error = await failureOf(
      connection.subscribe('/queue/q', { mode: 'client-individual', headers: {} }, () => undefined),
    );
    expect(error.code).to.equal('SEND_REFUSED');
  });

  it('ends at an ERROR that names no frame: which one failed is not known', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect();
    const failing = failureOf(connection.send(frameTo('/queue/q')));
    await server.frame('SEND');
    server.send('ERROR', {}, 'something went wrong');
    expect((await failing).code).to.equal('SEND_UNCONFIRMED');
    const reason = await connection.ended;
    expect(reason.code).to.equal('BROKER_UNAVAILABLE');
    expect(reason.message).to.contain('something went wrong');
    await until(() => server.isClosed(), { what: 'the end of the socket' });
  });

  for (const said of [
    'The maximum data length was exceeded',
    'The maximum frame size was exceeded',
    'The maximum frame size was exceeded while processing headers.',
    'Frame size of 11 MB larger than max allowed 10 MB',
    'body too long',
  ]) {
    it(`refuses the largest of what was on its way at an ERROR that names no frame: ${said}`, async () => {
      bench.server.holdReceipts(true);
      const [connection, server] = await bench.connect();
      const failing = [10, 3_000, 2_000].map((bytes) =>
        failureOf(connection.send({ ...frameTo(`/queue/of-${bytes}`), body: Buffer.alloc(bytes) })),
      );
      await server.frame('SEND', 3);
      server.send('ERROR', { message: said }, 'stack trace');
      server.end();
      const [small, largest, middle] = await Promise.all(failing);
      expect(largest).to.include({
        ...{ code: 'INVALID_ARGUMENT', destination: '/queue/of-3000', retryable: false },
        message: `${bench.server.url} reported an error: ${said}`,
      });
      expect([small!.code, middle!.code]).to.deep.equal(['SEND_UNCONFIRMED', 'SEND_UNCONFIRMED']);
      expect((await connection.ended).code).to.equal('BROKER_UNAVAILABLE');
      expect(connection.unconfirmed).to.equal(0);
    });
  }

  it('refuses none for its size at an ERROR about headers, of which the largest frame need not have most', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect();
    const failing = failureOf(connection.send(frameTo('/queue/q')));
    await server.frame('SEND');
    server.send('ERROR', { message: 'The maximum number of headers was exceeded' });
    expect((await failing).code).to.equal('SEND_UNCONFIRMED');
  });

  it('rejects with INVALID_ARGUMENT the send that an ERROR names as too large', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect();
    const failing = ['/queue/q', '/queue/large'].map((address) =>
      failureOf(connection.send(frameTo(address))),
    );
    const receipt = (await server.frame('SEND', 2)).headers.get('receipt') ?? '';
    server.send('ERROR', { 'receipt-id': receipt, message: 'body too long' }, 'A body may take 1 bytes.');
    server.end();
    const [other, large] = await Promise.all(failing);
    expect(large).to.include({ code: 'INVALID_ARGUMENT', destination: '/queue/large', retryable: false });
    expect(large!.message).to.equal(`${bench.server.url} refused the frame: body too long`);
    expect(other!.code).to.equal('SEND_UNCONFIRMED');
  });

  it('ends when a receipt misses its deadline: RECEIPT_TIMEOUT for that send, SEND_UNCONFIRMED for the others', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect({ clock, receiptTimeoutMs: 30_000 });
    const late = failureOf(connection.send(frameTo('/queue/full')));
    clock.advance(1_000);
    const others = [
      failureOf(connection.send(frameTo('/queue/q'))),
      failureOf(connection.send(frameTo('/queue/r'))),
    ];
    await server.frame('SEND', 3);
    clock.advance(28_999);
    expect(connection.isOpen()).to.equal(true);
    clock.advance(1);
    expect(await late).to.include({ code: 'RECEIPT_TIMEOUT', destination: '/queue/full' });
    for (const error of await Promise.all(others)) expect(error.code).to.equal('SEND_UNCONFIRMED');
    expect((await connection.ended).code).to.equal('BROKER_UNAVAILABLE');
    expect([connection.isOpen(), connection.unconfirmed, clock.pending]).to.deep.equal([false, 0, 0]);
    await until(() => server.isClosed(), { what: 'the end of the socket' });
  });

  it('rejects what is sent after its end, without writing', async () => {
    const [connection, server] = await bench.connect();
    server.destroy();
    await connection.ended;
    expect((await failureOf(connection.send(frameTo('/queue/q')))).code).to.equal('BROKER_UNAVAILABLE');
    expect(connection.unconfirmed).to.equal(0);
  });

  it('says goodbye when it is closed, and waits for the answer', async () => {
    const [connection, server] = await bench.connect();
    await connection.close(2_000);
    expect(server.framesOf('DISCONNECT')).to.have.length(1);
    expect(connection.isOpen()).to.equal(false);
    await connection.close(2_000);
  });

  it('closes at its deadline when receipts do not come, and rejects what is unconfirmed', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect({ clock, receiptTimeoutMs: 60_000 });
    const failing = failureOf(connection.send(frameTo('/queue/q')));
    const closing = connection.close(1_000);
    await server.frame('SEND');
    clock.advance(1_000);
    await within(closing, { what: 'the end of close()' });
    expect((await failing).code).to.equal('SEND_UNCONFIRMED');
    expect(clock.pending).to.equal(0);
    await until(() => server.isClosed(), { what: 'the end of the socket' });
  });

  it('acknowledges and sends nothing once it says goodbye; what came before still goes out', async () => {
    bench.server.holdReceipts(true);
    const [connection, server] = await bench.connect();
    const frames: IncomingFrame[] = [];
    const subscribing = connection.subscribe(
      '/queue/q',
      { mode: 'client-individual', headers: {} },
      (frame) => frames.push(frame),
    );
    server.confirm(await server.frame('SUBSCRIBE'));
    await subscribing;
    await server.deliver({ ack: 'in-time' });
    await server.deliver({ ack: 'too-late' });
    await until(() => frames.length === 2, { what: 'two messages' });

    expect(frames[0]!.acknowledge()).to.equal(true);
    const closing = connection.close(2_000);
    expect([connection.isOpen(), frames[1]!.acknowledge()]).to.deep.equal([false, false]);
    const error = await failureOf(connection.send(frameTo('/queue/q')));
    expect(error.code).to.equal('BROKER_UNAVAILABLE');
    server.confirm(await server.frame('DISCONNECT'));
    await within(closing, { what: 'the end of close()' });
    const commands = server.frames.map(({ command, headers }) => `${command} ${headers.get('id') ?? ''}`);
    expect(commands.slice(2)).to.deep.equal(['ACK in-time', 'DISCONNECT ']);
  });

  it('writes all sends of one turn of the event loop at once', async () => {
    const [connection, server] = await bench.connect({ clock: systemClock });
    const before = server.pieces.length;
    await Promise.all(Array.from({ length: 50 }, () => connection.send(frameTo('/queue/q'))));
    expect(server.framesOf('SEND')).to.have.length(50);
    expect(server.pieces.length - before).to.be.at.most(2);
  });

  it('acknowledges all messages of one turn at once, and none after its end', async () => {
    const [connection, server] = await bench.connect();
    const acknowledgements: (() => boolean)[] = [];
    const subscribing = connection.subscribe(
      '/queue/q',
      { mode: 'client-individual', headers: {} },
      (frame) => acknowledgements.push(() => frame.acknowledge()),
    );
    await subscribing;
    for (let message = 0; message < 20; message += 1) await server.deliver({ ack: `${message}` });
    await until(() => acknowledgements.length === 20, { what: '20 messages' });
    const before = server.pieces.length;
    expect(acknowledgements.slice(0, 19).every((acknowledge) => acknowledge())).to.equal(true);
    await server.frame('ACK', 19);
    expect(server.pieces.length - before).to.equal(1);
    server.destroy();
    await connection.ended;
    expect(acknowledgements[19]!()).to.equal(false);
  });
});
