import { expect } from 'chai';
import type { EmbeddedProcess } from '../../../support/embedded-process.js';
import { startEmbeddedProcess } from '../../../support/embedded-process.js';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { openRawStomp } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

const numbersOf = (frames: readonly ReceivedFrame[]): number[] => frames.map(({ text }) => Number(text));

describe('the store of the embedded broker', () => {
  const fixture = embeddedBroker({
    limits: { storedBytes: 100_000, memoryBytes: 50_000, listedMessages: 20 },
  });

  it('has after a restart what is persistent, in order, and not what is not', async () => {
    const sender = await fixture.client();
    for (let number = 0; number < 50; number += 1) {
      await sender.confirmed(
        'SEND',
        { destination: '/queue/a', persistent: String(number % 2 === 0) },
        String(number),
      );
    }
    await fixture.restart();
    const consumer = await fixture.subscriber('/queue/a');
    const frames = await consumer.messages(25);
    expect(numbersOf(frames)).to.deep.equal(Array.from({ length: 25 }, (_, index) => index * 2));
    expect(frames.some(({ headers }) => headers['redelivered'] === 'true')).to.equal(false);
  });

  it('remembers over a clean restart what was delivered before, and only that', async () => {
    await fixture.send('/queue/a', '1', '2', '3');
    const before = await fixture.subscriber('/queue/a', { 'prefetch-count': '2' });
    const [first] = await before.messages(2);
    await fixture.restart();
    const consumer = await fixture.subscriber('/queue/a');
    const frames = await consumer.messages(3);
    expect(frames.map(({ headers }) => headers['redelivered'])).to.deep.equal(['true', 'true', undefined]);
    expect(frames[0]?.headers['message-id']).to.equal(first?.headers['message-id']);
  });

  it('never makes the same message-id twice, also when it was empty in between', async () => {
    const ids = new Set<string>();
    for (let times = 0; times < 3; times += 1) {
      await fixture.send('/queue/a', 'x');
      const consumer = await fixture.subscriber('/queue/a', { ack: 'auto' });
      ids.add((await consumer.take('MESSAGE')).headers['message-id'] ?? '');
      await fixture.restart();
    }
    expect(ids.size).to.equal(3);
  });

  it('refuses with ERROR what is over its limit, says so, and takes it when there is room', async () => {
    const client = await fixture.client();
    const send = { destination: '/queue/a', persistent: 'true' };
    const body = 'x'.repeat(30_000);
    for (let times = 0; times < 3; times += 1) await client.confirmed('SEND', send, body);
    client.frame('SEND', { ...send, receipt: 'over' }, body);
    const error = await client.take('ERROR');
    expect(error.headers).to.include({ message: 'store full', 'receipt-id': 'over' });
    expect(error.text).to.include('100000 bytes');
    await client.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a' });
    await client.messages(3);
    await client.confirmed('SEND', send, body);
  });

  it('holds the bodies of persistent messages on disk when memory is full, and refuses others', async () => {
    const client = await fixture.client();
    for (let number = 0; number < 9; number += 1) {
      await client.confirmed(
        'SEND',
        { destination: '/queue/a', persistent: 'true' },
        `${number}`.padStart(9_000, '0'),
      );
    }
    expect(fixture.broker.statistics().memoryBytes).to.be.within(9_000, 50_000);
    client.frame('SEND', { destination: '/queue/a', receipt: 'over' }, 'x'.repeat(9_000));
    expect((await client.take('ERROR')).headers).to.include({ message: 'memory full', 'receipt-id': 'over' });
    await client.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a' });
    expect(numbersOf(await client.messages(9))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await until(() => fixture.broker.statistics().memoryBytes === 0, { what: 'empty memory' });
  });
});

describe('the embedded broker, killed', () => {
  let broker: EmbeddedProcess;
  const clients: RawStomp[] = [];

  async function client(): Promise<RawStomp> {
    const opened = await openRawStomp(Number(new URL(broker.url).port));
    clients.push(opened);
    await opened.connect();
    return opened;
  }

  before(async () => {
    broker = await startEmbeddedProcess();
  });
  after(async () => {
    for (const opened of clients) opened.destroy();
    await broker.stop();
  });

  it('has every message that it confirmed and none whose acknowledgement it confirmed', async () => {
    const sender = await client();
    const total = 300;
    for (let number = 0; number < total; number += 1) {
      sender.frame(
        'SEND',
        { destination: '/queue/a', persistent: 'true', receipt: `sent-${number}` },
        String(number),
      );
    }
    for (let number = 0; number < total; number += 1)
      await sender.take('RECEIPT', { 'receipt-id': `sent-${number}` });

    const consumer = await client();
    await consumer.confirmed('SUBSCRIBE', {
      id: 's',
      destination: '/queue/a',
      ack: 'client-individual',
      'prefetch-count': '100',
    });
    for (const frame of await consumer.messages(100)) {
      if (Number(frame.text) % 2 === 0) await consumer.confirmed('ACK', { id: frame.headers['ack'] ?? '' });
    }
    // Still on their way when the process ends: each of them may be there or not, but whole.
    for (let number = total; number < total + 200; number += 1) {
      sender.frame(
        'SEND',
        { destination: '/queue/a', persistent: 'true', receipt: `sent-${number}` },
        String(number),
      );
    }
    await sender.take('RECEIPT', { 'receipt-id': `sent-${total}` });
    await broker.kill();
    const confirmed = new Set(
      sender.pending.map(({ headers }) => Number(headers['receipt-id']?.slice('sent-'.length))),
    );
    await broker.restart();

    const reader = await client();
    await reader.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'auto' });
    await reader.confirmed('SEND', { destination: '/queue/a' }, '-1');
    const found: ReceivedFrame[] = [];
    await until(
      async () => {
        found.push(await reader.take('MESSAGE'));
        return found[found.length - 1]?.text === '-1';
      },
      { what: 'the last message' },
    );
    const kept = numbersOf(found.slice(0, -1));
    const expected = Array.from({ length: total + 1 }, (_, number) => number).filter(
      (number) => number >= 100 || number % 2 === 1,
    );
    // Acknowledgements freed the prefetch, so more than the first 100 were delivered; none of those was acknowledged.
    expect(kept.slice(0, expected.length)).to.deep.equal(expected);
    for (const number of confirmed) expect(kept).to.include(number);
    expect(kept).to.deep.equal([...kept].sort((a, b) => a - b));
    expect(new Set(kept).size).to.equal(kept.length);
    expect(found.slice(0, -1).every(({ headers }) => headers['redelivered'] === 'true')).to.equal(true);
    expect(found[found.length - 1]?.headers).not.to.have.property('redelivered');
  });
});
