import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { expect } from 'chai';
import { createManualClock } from '#testing/manual-clock.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { fakeStompServer } from '../../../support/fake-stomp-server.js';
import { networkBench, sendTo } from '../../../support/network-bench.js';
import { openRawStomp } from '../../../support/raw-stomp.js';
import { until, within } from '../../../support/until.js';

const mebibyte = 1024 * 1024;

describe('what a faulty network passes on', () => {
  const bench = networkBench();

  it('are bodies of 64 MiB, both ways', async function () {
    this.timeout(120_000);
    const body = Buffer.alloc(64 * mebibyte, 'abcdefg\0');
    const producer = await bench.client();
    await sendTo(producer, 'a', body);
    expect(bench.broker.queue('a').depth).to.equal(1);
    // A reader that joins what comes piece by piece would be the slowest part of this.
    const bytes = bench.network.bytes;
    const reader = connect({ port: bench.network.port, host: '127.0.0.1' });
    reader.write('CONNECT\naccept-version:1.2\nhost:/\n\n\0SUBSCRIBE\nid:s\ndestination:/queue/a\n\n\0');
    let received = 0;
    let last = 0;
    reader.on('data', (chunk: Buffer) => {
      received += chunk.length;
      last = chunk.at(-1) ?? 0;
    });
    await until(() => received > body.length && last === 0, { what: 'the message', withinMs: 60_000 });
    expect(bench.network.bytes - bytes).to.be.above(body.length);
    reader.destroy();
  });

  it('are thousands of messages per second while rules look at each', async function () {
    this.timeout(60_000);
    const rule = bench.network.watch({ command: 'SEND', queue: 'a', headers: { 'x-last': 'yes' } });
    bench.network.drop({ command: 'SEND', queue: 'other', times: Infinity });
    const producer = await bench.client();
    const frame = 'SEND\ndestination:/queue/a\npersistent:true\ncontent-length:100\n\n';
    const body = 'x'.repeat(100);
    const startedAt = performance.now();
    producer.write(`${frame}${body}\0`.repeat(10_000));
    producer.frame('SEND', { destination: '/queue/a', 'x-last': 'yes', receipt: 'last' });
    await producer.take('RECEIPT', { 'receipt-id': 'last' });
    const perSecond = 10_000 / ((performance.now() - startedAt) / 1_000);
    expect(bench.broker.queue('a').depth).to.equal(10_001);
    expect(rule.seen).to.equal(1);
    expect(perSecond).to.be.above(1_000);
  });

  it('are streams of another protocol, as they are and without rules', async () => {
    const server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const network = await startFaultyNetwork({ broker: `stomp://127.0.0.1:${port}` });
    const rule = network.drop({ times: Infinity });
    const client = connect({ port: network.port, host: '127.0.0.1' });
    const greeting = Buffer.from('AMQP\0\x01\0\0');
    client.write(greeting);
    const echo = await within(new Promise<Buffer>((resolve) => client.once('data', resolve)), {
      what: 'the echo',
    });
    expect(echo.equals(greeting)).to.equal(true);
    expect(rule.seen).to.equal(0);
    expect(network.events.filter(({ kind }) => kind === 'unreadable')).to.have.lengthOf(2);
    client.destroy();
    await network.stop();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('back-pressure in a faulty network', () => {
  let server: Server;
  let network: FaultyNetwork;
  let accepted: Socket | undefined;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.pause().on('error', () => undefined);
      accepted = socket;
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    network = await startFaultyNetwork({
      broker: `stomp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    accepted = undefined;
    await network.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Whoever does not read gets no more than buffers of the operating system take; then all of it. */
  async function expectHeldBack(writer: Socket, reader: Socket, beginning: string): Promise<void> {
    const body = Buffer.alloc(64 * mebibyte, 'x');
    writer.write(beginning.replace('LENGTH', String(body.length)));
    writer.write(body);
    writer.write('\0');
    let before = -1;
    let looks = 0;
    await until(
      () => {
        looks = network.bytes > 0 && network.bytes === before ? looks + 1 : 0;
        before = network.bytes;
        return looks >= 20;
      },
      { what: 'the standstill' },
    );
    expect(network.bytes).to.be.below(32 * mebibyte);
    let read = 0;
    reader.on('data', (chunk: Buffer) => (read += chunk.length));
    reader.resume();
    await until(() => read > body.length, { what: 'all of it', withinMs: 60_000 });
  }

  it('holds back a client whose broker does not read', async function () {
    this.timeout(90_000);
    const client = connect({ port: network.port, host: '127.0.0.1' });
    sockets.push(client);
    await until(() => accepted, { what: 'the connection' });
    await expectHeldBack(client, accepted!, 'SEND\ndestination:/queue/a\ncontent-length:LENGTH\n\n');
  });

  it('holds back a broker whose client does not read', async function () {
    this.timeout(90_000);
    const client = connect({ port: network.port, host: '127.0.0.1' });
    sockets.push(client.pause());
    await until(() => accepted, { what: 'the connection' });
    await expectHeldBack(
      accepted!,
      client,
      'MESSAGE\nsubscription:s\nmessage-id:1\ncontent-length:LENGTH\n\n',
    );
  });
});

describe('heart-beats in a faulty network', () => {
  const server = fakeStompServer({ heartBeat: '0,0' });
  let network: FaultyNetwork;
  const clock = createManualClock();
  beforeEach(async () => {
    network = await startFaultyNetwork({ broker: server().url, clock });
  });
  afterEach(() => network.stop());

  it('arrive while frames are kept back', async () => {
    network.delay({ command: 'SEND' }, 1_000);
    const client = await openRawStomp(network.port);
    await client.connect();
    const connection = await server().connection(1);
    client.frame('SEND', { destination: '/queue/a' }, 'late');
    client.write('\n');
    await until(() => connection.pieces.at(-1)?.toString() === '\n', { what: 'the beat at the broker' });
    connection.write('\n');
    await until(() => client.beats > 0, { what: 'the beat at the client' });
    expect(connection.framesOf('SEND')).to.have.lengthOf(0);
    clock.advance(999);
    expect(network.events.map(({ kind }) => kind)).to.deep.equal(['opened', 'delayed']);
    clock.advance(1);
    expect((await connection.frame('SEND')).body.toString()).to.equal('late');
    client.destroy();
  });
});

describe('connections of a faulty network', () => {
  const bench = networkBench();

  it('fail at once, and new ones while they are refused', async () => {
    const client = await bench.client();
    bench.network.refuse();
    bench.network.cut();
    await within(client.closed, { what: 'the failure' });
    // It may fail before or after it counts as open.
    await openRawStomp(bench.network.port).then(
      (refused) => within(refused.closed, { what: 'the refusal' }),
      () => undefined,
    );
    bench.network.accept();
    await sendTo(await bench.client(), 'a', 'one');
    expect(bench.network.events.map(({ kind }) => kind)).to.deep.equal([
      'opened',
      'cut',
      'refused',
      'opened',
    ]);
  });

  it('are held back in either direction, old and new ones, until they are resumed', async () => {
    const client = await bench.client();
    bench.network.holdAnswers();
    client.frame('SEND', { destination: '/queue/a', receipt: 'r' }, 'one');
    await until(() => bench.broker.queue('a').depth === 1, { what: 'the message' });
    expect(client.pending).to.deep.equal([]);
    const late = await openRawStomp(bench.network.port);
    const welcome = late.connect();
    const direct = await bench.direct();
    for (let times = 0; times < 20; times += 1) await sendTo(direct, 'b', 'other');
    expect([client.pending.length, late.pieces.length]).to.deep.equal([0, 0]);
    bench.network.resume();
    await client.take('RECEIPT', { 'receipt-id': 'r' });
    await welcome;
    bench.network.holdCalls();
    const bytes = bench.network.bytes;
    client.frame('SEND', { destination: '/queue/a', receipt: 's' }, 'two');
    expect(bench.network.bytes).to.equal(bytes);
    bench.network.resume();
    await client.take('RECEIPT', { 'receipt-id': 's' });
    late.destroy();
  });

  it('end with the broker that refuses them', async () => {
    await bench.broker.stop();
    const client = await openRawStomp(bench.network.port);
    await within(client.closed, { what: 'the end' });
    expect(bench.network.events.at(-1)).to.include({ kind: 'ended', connection: 1 });
    expect(bench.network.events.at(-1)?.detail).to.match(/ECONNREFUSED/u);
  });

  it('leave nothing behind when the network stops', async () => {
    const client = await bench.client();
    await bench.network.stop();
    await within(client.closed, { what: 'the end' });
    expect(bench.network.connections).to.equal(0);
  });
});

describe('what a faulty network refuses', () => {
  const bench = networkBench();

  async function problemsOf(options: object): Promise<string[]> {
    const { problems } = await failureOf(startFaultyNetwork(options as never));
    return problems.map(({ field, value, allowed }) => `${field} ${value ?? '-'}: ${allowed}`);
  }

  it('are options that cannot be right, all at once', async () => {
    expect(
      await problemsOf({
        broker: 'failover:(stomp://a:1,stomp://b:2)',
        port: -1,
        sead: 1,
        seed: 0.5,
        clock: 1,
      }),
    ).to.deep.equal([
      "sead -: no such option; did you mean 'seed'?",
      'broker -: the address of one broker',
      'port -1: a whole number from 0 to 65535',
      'seed 0.5: a whole number from 0 to 4294967295',
      'clock -: what `createManualClock()` gives',
    ]);
    expect(await problemsOf({ broker: 'tcp://a:61616' })).to.have.lengthOf(1);
  });

  const refusalOf = (rule: () => unknown): string => thrownBy(rule).message;

  it('are rules that cannot be right, in words', () => {
    const { network } = bench;
    const wrong = { command: 'SENT', queu: 'a', nth: 0, times: 1.5, chance: 2, kind: 'answer' };
    expect(refusalOf(() => network.drop(wrong as never)).split('; ')).to.deep.equal([
      'queu: no such option',
      "did you mean 'queue'?",
      "command 'SENT': did you mean 'SEND'?",
      "kind 'answer': 'request' or 'reply'",
      `nth '0': a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
      `times '1.5': a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
      "chance '2': a number from 0 to 1",
    ]);
    expect(refusalOf(() => network.watch(undefined as never))).to.match(/^frames: an object/u);
    expect(refusalOf(() => network.watch({ receiptOf: { body: 'x' } } as never))).to.match(
      /^receiptOf\.body/u,
    );
    expect(refusalOf(() => network.delay({}, -1))).to.match(/^ms '-1': a whole number from 0/u);
    expect(refusalOf(() => network.delay({}, undefined as never))).to.match(/^ms/u);
    expect(refusalOf(() => network.delay({}, [5, 4]))).to.equal("ms '[5,4]': the lesser number first");
    expect(refusalOf(() => network.duplicate({}, { copies: 0 }))).to.match(/^copies '0'/u);
    expect(refusalOf(() => network.swap({}, { withinMs: 0 }))).to.match(/^withinMs '0'/u);
    expect(refusalOf(() => network.cutAt({}, 'during' as never))).to.match(/^at 'during': 'before'/u);
    expect(refusalOf(() => network.alter({}, { boddy: 'x' } as never))).to.match(/did you mean 'body'/u);
    expect(refusalOf(() => network.alter({}, { body: 5 } as never))).to.match(/^change /u);
    expect(refusalOf(() => network.drop({}, { confirmed: 'yes' } as never))).to.match(/^confirmed 'yes'/u);
  });

  it('are rules for frames where there are none to be seen', async () => {
    const network = await startFaultyNetwork({ broker: 'ws://127.0.0.1:1/broker' });
    expect(network.url).to.equal(`ws://127.0.0.1:${network.port}/broker`);
    expect(refusalOf(() => network.drop({}))).to.match(/^frames: a network to a broker at stomp:/u);
    await network.stop();
  });
});
