/** What is sent faster than the broker takes it waits in the caller's hands, not in buffers of the connection. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Message } from '#core/message.js';
import { toReplytoError } from '#core/errors.js';
import { newMessage } from '../../../support/messages.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { settled } from '../../../support/event-loop.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const mebibyte = 1024 * 1024;
const full = queue('full');

const ofBytes = (bytes: number): Message =>
  newMessage({ contentType: 'application/octet-stream', body: Buffer.alloc(bytes, 0xff) });

const idsAt = (server: FakeStompConnection): (string | undefined)[] =>
  server.framesOf('SEND').map(({ headers }) => headers.get('Message-ID'));

describe('the bound on unconfirmed bytes of a connection', () => {
  const bench = stompBench();

  it('makes what is beyond wait, in order, until receipts make room', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmedBytes: 10_000 });
    const messages = Array.from({ length: 5 }, () => ofBytes(4_000));
    const sending = messages.map((message) => broker.channel.send(full, message));
    await server.frame('SEND', 2);
    await settled();
    expect([server.framesOf('SEND').length, broker.activity().sends]).to.deep.equal([2, 5]);
    for (const nth of [1, 2, 3, 4, 5]) server.confirm(await server.frame('SEND', nth));
    await Promise.all(sending);
    expect(idsAt(server)).to.deep.equal(messages.map(({ messageId }) => messageId));
    expect(broker.activity().sends).to.equal(0);
  });

  it('counts headers too', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmedBytes: 10_000 });
    const applicationHeaders = { 'x-large': 'v'.repeat(4_000) };
    const sending = Array.from({ length: 5 }, () =>
      broker.channel.send(full, newMessage({ applicationHeaders })),
    );
    await server.frame('SEND', 2);
    await settled();
    // These two are more than half.
    expect(server.framesOf('SEND').length).to.equal(2);
    for (const nth of [1, 2, 3, 4, 5]) server.confirm(await server.frame('SEND', nth));
    await Promise.all(sending);
  });

  it('lets a message that is larger by itself go alone', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmedBytes: 10_000 });
    const messages = [ofBytes(100), ofBytes(50_000), ofBytes(100), ofBytes(100)];
    const sending = messages.map((message) => broker.channel.send(full, message));
    const seen: number[] = [];
    for (const nth of [1, 2, 4]) {
      await server.frame('SEND', nth);
      await settled();
      seen.push(server.framesOf('SEND').length);
      for (const frame of server.framesOf('SEND')) server.confirm(frame);
    }
    await Promise.all(sending);
    expect(seen).to.deep.equal([1, 2, 4]);
    expect(idsAt(server)).to.deep.equal(messages.map(({ messageId }) => messageId));
  });

  it('is 16 MiB, of which one queue gets no more than half', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started();
    const message = ofBytes(mebibyte);
    const sending = Array.from({ length: 20 }, () => broker.channel.send(full, message));
    await server.frame('SEND', 8);
    await settled();
    // With their headers, these eight are more than half.
    expect(server.framesOf('SEND').length).to.equal(8);
    bench.server.holdReceipts(false);
    for (const frame of server.framesOf('SEND')) server.confirm(frame);
    await Promise.all(sending);
  });

  it('holds for each connection: one that has room takes what waits, also with more sends unconfirmed', async () => {
    bench.server.holdReceipts(true);
    const broker = bench.broker({ sendConnections: 2, maxUnconfirmedBytes: 10_000 });
    await broker.start();
    const sending = [9_900, 100, 100, 100].map((bytes) => broker.channel.send(full, ofBytes(bytes)));
    const sizes = (): number[][] =>
      bench.server.connections.map((server) => server.framesOf('SEND').map(({ body }) => body.length));
    await until(() => sizes().flat().length === 4, { what: 'all at the server' });
    expect(sizes()).to.have.deep.members([[9_900], [100, 100, 100]]);
    for (const server of bench.server.connections)
      for (const frame of server.framesOf('SEND')) server.confirm(frame);
    await Promise.all(sending);
  });
});

describe('a broker that does not read', () => {
  const bench = stompBench();
  let proxy: FaultyNetwork;

  beforeEach(async () => {
    proxy = await startFaultyNetwork({ broker: bench.server.url });
  });
  afterEach(() => proxy.stop());

  const unbounded = { maxUnconfirmed: 100_000, maxUnconfirmedBytes: 1024 * mebibyte };

  it('is handed no more than the network takes; the rest waits, and arrives in order', async () => {
    const broker = bench.broker({ url: proxy.url, receiptTimeoutMs: 20_000, ...unbounded });
    await broker.start();
    const server = await bench.server.connection(1);
    proxy.holdCalls();
    const body = Buffer.alloc(mebibyte / 4, 0xff);
    const messages = Array.from({ length: 200 }, () =>
      newMessage({ contentType: 'application/octet-stream', body }),
    );
    const sending = Promise.all(messages.map((message) => broker.channel.send(full, message)));
    await settled();
    expect(idsAt(server).length).to.be.lessThan(200);
    proxy.resume();
    await within(sending, { what: 'all receipts' });
    expect(idsAt(server)).to.deep.equal(messages.map(({ messageId }) => messageId));
  });

  it('ends with all rejected: what was handed over as unconfirmed, what waited as not sent', async () => {
    const broker = bench.broker({ url: proxy.url, ...unbounded });
    await broker.start();
    await bench.server.connection(1);
    proxy.holdCalls();
    const message = ofBytes(mebibyte / 4);
    const outcomes = Array.from({ length: 400 }, () =>
      broker.channel.send(full, message).then(
        () => 'confirmed',
        (error: unknown) => toReplytoError(error).code,
      ),
    );
    await settled();
    proxy.cut();
    const codes = await within(Promise.all(outcomes), { what: 'the end of every send' });
    const count = (code: string): number => codes.filter((one) => one === code).length;
    expect(count('SEND_UNCONFIRMED') + count('BROKER_UNAVAILABLE')).to.equal(400);
    // Buffers of the operating system take some MiB of the 100.
    expect(count('SEND_UNCONFIRMED')).to.be.within(1, 200);
    expect(broker.activity().sends).to.equal(0);
  });
});
