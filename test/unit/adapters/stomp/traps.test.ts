/** What the STOMP client library does and loses messages by; each test is named after the trap it closes. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { newMessage } from '../../../support/messages.js';
import { textOf } from '../../../support/recording.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const answers = queue('answers');
const ignore = (): void => undefined;

describe('traps of the STOMP client: acknowledgements', () => {
  const bench = stompBench();

  async function subscribed(onDelivery: (delivery: Delivery) => unknown): Promise<void> {
    await bench.broker().source.subscribe(answers, { prefetch: 10, onDelivery });
  }

  it('stale acknowledgement: it returns false and writes nothing on the new connection', async () => {
    const deliveries: Delivery[] = [];
    await subscribed((delivery) => deliveries.push(delivery));
    const first = await bench.server.connection(1);
    await first.deliver({ ack: 'old' });
    await until(() => deliveries.length === 1, { what: 'the delivery' });
    first.destroy();
    const second = await bench.server.connection(2);
    await second.deliver({ ack: 'new', redelivered: 'true' });
    await until(() => deliveries.length === 2, { what: 'the redelivery' });
    expect(deliveries[0]!.acknowledge()).to.equal(false);
    expect([deliveries[1]!.redelivered, deliveries[1]!.acknowledge()]).to.deep.equal([true, true]);
    expect((await second.frame('ACK')).headers.get('id')).to.equal('new');
    expect(second.framesOf('ACK')).to.have.length(1);
  });

  it('exception in a message callback: it is logged and not acknowledged, and the parser goes on', async () => {
    const taken: string[] = [];
    await subscribed((delivery) => {
      taken.push(delivery.message.messageId);
      if (taken.length === 1) throw new Error('a bug of the handler');
      delivery.acknowledge();
    });
    const connection = await bench.server.connection(1);
    await connection.deliver({ 'Message-ID': '1', ack: 'ack-1' });
    await connection.deliver({ 'Message-ID': '2', ack: 'ack-2' });
    const ack = await connection.frame('ACK');
    expect([taken, ack.headers.get('id')]).to.deep.equal([['1', '2'], 'ack-2']);
    expect(connection.framesOf('ACK')).to.have.length(1);
    expect(bench.logger.sentences('error')).to.deep.equal(['a message handler threw; not acknowledged']);
    expect(bench.logger.text()).to.contain('a bug of the handler');
  });

  it('async rejection of a handler: it is logged and not acknowledged, and ends nothing', async () => {
    let calls = 0;
    await subscribed((delivery) => {
      calls += 1;
      if (calls === 1) return Promise.reject(new Error('an asynchronous bug'));
      delivery.acknowledge();
      return Promise.resolve();
    });
    const connection = await bench.server.connection(1);
    await connection.deliver({ ack: 'ack-1' });
    await connection.deliver({ ack: 'ack-2' });
    expect((await connection.frame('ACK')).headers.get('id')).to.equal('ack-2');
    await until(() => bench.logger.sentences('error').length > 0, { what: 'the log of the rejection' });
    expect(bench.logger.text()).to.contain('an asynchronous bug');
  });

  it('subscriptions are not restored: they are made again before the subscription counts as up', async () => {
    const broker = bench.broker();
    await broker.source.subscribe(answers, { prefetch: 7, onDelivery: ignore });
    const first = await bench.server.connection(1);
    bench.server.holdReceipts(true);
    first.destroy();
    const second = await bench.server.connection(2);
    const subscribe = await second.frame('SUBSCRIBE');
    expect(Object.fromEntries(subscribe.headers)).to.include({
      ...{ destination: '/queue/answers', ack: 'client-individual', 'activemq.prefetchSize': '7' },
    });
    expect(broker.activity()).to.include({ wantedSubscriptions: 1, subscriptions: 0 });
    second.confirm(subscribe);
    await until(() => broker.activity().subscriptions === 1, { what: 'the subscription' });
  });
});

describe('traps of the STOMP client: sends and receipts', () => {
  const bench = stompBench();

  it('publish on a closing socket: it rejects with BROKER_UNAVAILABLE', async () => {
    const [connection, server] = await bench.connect();
    server.end();
    await until(() => !connection.isOpen(), { what: 'the end of the server' });
    const frame = { address: '/queue/q', headers: {}, body: Buffer.from('x'), asText: false };
    expect((await failureOf(connection.send(frame))).code).to.equal('BROKER_UNAVAILABLE');
    expect([server.framesOf('SEND').length, connection.unconfirmed]).to.deep.equal([0, 0]);
  });

  it('receipts are dropped with their connection: they reject with SEND_UNCONFIRMED, none is leaked', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started();
    const failing = Array.from({ length: 3 }, () => failureOf(broker.channel.send(answers, newMessage())));
    await server.frame('SEND', 3);
    server.destroy();
    const codes = (await Promise.all(failing)).map(({ code }) => code);
    expect(codes).to.deep.equal(['SEND_UNCONFIRMED', 'SEND_UNCONFIRMED', 'SEND_UNCONFIRMED']);
    expect(broker.activity().sends).to.equal(0);
  });

  it('a receipt that nobody waits for: it confirms nothing', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started();
    const sending = broker.channel.send(answers, newMessage());
    const frame = await server.frame('SEND');
    server.send('RECEIPT', { 'receipt-id': 'stranger' });
    server.send('RECEIPT', {});
    expect(broker.activity().sends).to.equal(1);
    server.confirm(frame);
    server.confirm(frame);
    await sending;
    expect(broker.channel.isUp()).to.equal(true);
  });

  it('content-length of the user: it is never duplicated', async () => {
    const [broker, server] = await bench.started();
    await broker.channel.send(answers, newMessage({ contentType: 'image/png', body: Buffer.of(0, 1, 2) }));
    await broker.channel.send(answers, newMessage({ contentType: null, body: Buffer.alloc(0) }));
    await broker.channel.send(answers, newMessage({ contentType: 'text/plain' }));
    const sent = Buffer.concat(server.pieces).toString('latin1').split('SEND\n').slice(1);
    expect(sent.map((text) => text.match(/content-length:/gu)?.length ?? 0)).to.deep.equal([1, 1, 0]);
  });

  it('backslash sequences, which are read wrongly: values that have them are refused, nothing is written', async () => {
    const [broker, server] = await bench.started();
    const unsafe = [String.raw`a\nb`, String.raw`C:\temp`, 'two\nlines', 'nul\0', ' outer', 'a\rb'];
    for (const value of unsafe) {
      const message = newMessage({ applicationHeaders: { 'x-a': value } });
      expect((await failureOf(broker.channel.send(answers, message))).code, value).to.equal(
        'INVALID_ARGUMENT',
      );
    }
    await broker.channel.send(answers, newMessage());
    expect(server.framesOf('SEND')).to.have.length(1);
    expect(broker.activity().sends).to.equal(0);
  });

  it('no bound on what is unconfirmed: more waits in order, and goes when there is room', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmed: 2 });
    const messages = Array.from({ length: 4 }, () => newMessage());
    const sending = messages.map((message) => broker.channel.send(answers, message));
    await server.frame('SEND', 2);
    expect([server.framesOf('SEND').length, broker.activity().sends]).to.deep.equal([2, 4]);
    server.confirm(server.framesOf('SEND')[0]!);
    await sending[0];
    await server.frame('SEND', 3);
    bench.server.holdReceipts(false);
    for (const frame of server.framesOf('SEND').slice(1)) server.confirm(frame);
    await Promise.all(sending);
    const ids = server.framesOf('SEND').map(({ headers }) => headers.get('Message-ID'));
    expect(ids).to.deep.equal(messages.map(({ messageId }) => messageId));
    expect(broker.activity().sends).to.equal(0);
  });
});

describe('traps of the STOMP client: frames that come in', () => {
  const bench = stompBench();

  async function deliveriesOf(write: (subscription: string) => string | Buffer): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    await bench
      .broker()
      .source.subscribe(answers, { prefetch: 1, onDelivery: (one) => deliveries.push(one) });
    const connection = await bench.server.connection(1);
    const subscribe = await connection.frame('SUBSCRIBE');
    connection.write(write(subscribe.headers.get('id') ?? ''));
    await until(() => deliveries.length > 0, { what: 'the delivery' });
    return deliveries;
  }

  it('repeated headers: the first wins', async () => {
    const [delivery] = await deliveriesOf(
      (id) =>
        `MESSAGE\nsubscription:${id}\nmessage-id:ID:1\nack:1\nProject:first\nProject:second\nx-a:1\nx-a:2\n\nbody\0`,
    );
    expect(delivery!.message.properties.project).to.equal('first');
    expect(delivery!.message.applicationHeaders).to.deep.equal({ 'x-a': '1' });
  });

  it('a frame of 1 MiB in many pieces: it arrives whole', async () => {
    const body = Buffer.alloc(1024 * 1024, 0);
    for (let index = 0; index < body.length; index += 7) body[index] = index % 256;
    const [delivery] = await deliveriesOf((id) =>
      Buffer.concat([
        Buffer.from(`MESSAGE\nsubscription:${id}\nmessage-id:ID:1\nack:1\ncontent-length:${body.length}\n\n`),
        body,
        Buffer.of(0),
      ]),
    );
    expect(Buffer.from(delivery!.message.body).equals(body)).to.equal(true);
  });

  it('a MESSAGE that belongs to no subscription: it harms nothing', async () => {
    const deliveries = await deliveriesOf(
      (id) =>
        `MESSAGE\nsubscription:other\nmessage-id:1\n\n\0\n\nMESSAGE\nsubscription:${id}\nmessage-id:2\nack:2\n\n\0`,
    );
    expect(deliveries.map(({ brokerId }) => brokerId)).to.deep.equal([{ value: '2', stable: true }]);
  });
});

describe('traps of the STOMP client: the end of a connection', () => {
  const bench = stompBench({ heartBeat: '100,100' });

  it('stop() on a dead link: it ends at its deadline, and the socket with it', async () => {
    bench.server.holdReceipts(true);
    const [broker] = await bench.started();
    const failing = failureOf(broker.channel.send(answers, newMessage()));
    const startedAt = performance.now();
    await within(broker.stop(300), { what: 'the end of stop()' });
    expect(performance.now() - startedAt).to.be.at.least(250);
    expect((await failing).code).to.equal('SEND_UNCONFIRMED');
    await until(() => bench.server.open().length === 0, { what: 'the end of every socket' });
  });

  it('heart-beat loss: it ends the connection promptly, and another is opened', async () => {
    const [broker, server] = await bench.started({ heartbeatMs: 100 });
    expect(broker.channel.isUp()).to.equal(true);
    // The server says nothing from here on; nor does it close.
    await until(() => server.isClosed(), { what: 'the end of the silent connection' });
    expect(bench.logger.text()).to.contain('fell silent: no heart-beat');
    await bench.server.connection(2);
  });

  it('heart-beats: a server that beats is kept, and is beaten to', async () => {
    const [broker, server] = await bench.started({ heartbeatMs: 100 });
    const beating = setInterval(() => server.write('\n'), 50);
    try {
      const beats = (): number => Buffer.concat(server.pieces).toString().split('\0').at(-1)!.length;
      await until(() => beats() >= 5, { what: 'five heart-beats of the client' });
      expect(broker.channel.isUp()).to.equal(true);
    } finally {
      clearInterval(beating);
    }
  });

  it('secrets: the passcode stands in no log line and in no error', async () => {
    const passcode = 'Tr0ub4dor';
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'CONNECT') return 'default';
      connection.send('ERROR', { message: 'User name [u] or password is invalid.' }, 'go away');
      connection.end();
      return 'handled';
    });
    const broker = bench.broker({ login: 'u', passcode });
    const refusal = await broker.start();
    expect((await bench.server.connection(1)).frames[0]!.headers.get('passcode')).to.equal(passcode);
    await until(() => bench.logger.entries.length >= 2, { what: 'two attempts in the log' });
    expect(bench.logger.text() + textOf(refusal)).to.not.contain(passcode);
    const other = thrownBy(() => bench.broker({ url: `stomp://u:${passcode}@127.0.0.1:port` }));
    expect(textOf(other)).to.not.contain(passcode);
  });
});
