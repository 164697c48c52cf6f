import { expect } from 'chai';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { until } from '../../../support/until.js';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker, says, sendFrame } from './memory-broker.js';

describe('a transaction of the embedded broker with a failing store', () => {
  let memory: MemoryBroker;

  afterEach(() => memory.database.close());

  const figures = (): unknown =>
    memory.broker
      .statistics()
      .queues.map(({ name, depth, inFlight }) => [name, depth, inFlight])
      .sort();
  const countOf = (text: string | RegExp, transport: MemoryTransport): number =>
    transport.written.split(text).length - 1;
  const ackOf = ({ written }: MemoryTransport, body: string): string =>
    [...written.matchAll(/\nack:(.*)\n(?:.+\n)*\n(\w+)\0/gu)]
      .filter((found) => found[2] === body)
      .pop()?.[1] ?? '';

  /** Three deliveries, the first of them rejected five times; no place in the order of arrival is reserved. */
  async function consumerOfThree(): Promise<MemoryTransport> {
    const sender = memory.connect();
    for (const body of ['one', 'two', 'three']) sender.receive(sendFrame('/queue/a', body, body));
    await memory.settle();
    memory.restart();
    const consumer = await memory.subscriber('/queue/a');
    await says(consumer, 'three');
    for (let times = 0; times < 5; times += 1) {
      consumer.receive(`NACK\nid:${ackOf(consumer, 'one')}\n\n\0`);
      await memory.settle();
    }
    return consumer;
  }

  function commit(consumer: MemoryTransport, receipt: string): Promise<void> {
    consumer.receive('BEGIN\ntransaction:t\n\n\0');
    for (const [command, body] of [
      ['NACK', 'one'],
      ['ACK', 'two'],
      ['NACK', 'three'],
    ] as const) {
      consumer.receive(`${command}\ntransaction:t\nid:${ackOf(consumer, body)}\n\n\0`);
    }
    consumer.receive('SEND\ntransaction:t\ndestination:/queue/b\npersistent:true\n\nfour\0');
    consumer.receive(`COMMIT\ntransaction:t\nreceipt:${receipt}\n\n\0`);
    return memory.settle();
  }

  it('is done as a whole or not at all, whichever statement fails: messages, acknowledgements, NACKs, a dead letter', async () => {
    const done = [
      ['DLQ.a', 1, 0],
      ['a', 0, 1],
      ['b', 1, 0],
    ];
    let refused = 0;
    for (let failingStatement = 1; ; failingStatement += 1) {
      memory = createMemoryBroker({});
      const consumer = await consumerOfThree();
      const before = { figures: figures(), stored: memory.broker.statistics().storedBytes };
      const rows = memory.database.all('SELECT position, backlog, nacks FROM message ORDER BY position');
      let statements = 0;
      memory.fail(() => {
        statements += 1;
        return statements >= failingStatement;
      });
      await commit(consumer, 'failing');
      const everythingWorked = statements < failingStatement;
      memory.fail();
      memory.clock.advance(1_000);
      if (countOf(/ERROR\n[^]*receipt-id:failing\n/u, consumer) === 1) {
        refused += 1;
        expect(consumer.written).to.match(/message:not stored\n[^]*receipt-id:failing\n[^]*try again later/u);
        expect(memory.broker.statistics().storedBytes).to.equal(before.stored);
        expect(
          memory.database.all('SELECT position, backlog, nacks FROM message ORDER BY position'),
        ).to.deep.equal(rows);
        expect(figures()).to.deep.equal(before.figures);
        await commit(consumer, 'working');
        expect(consumer.written).to.include('RECEIPT\nreceipt-id:working');
      } else {
        expect(consumer.written).to.include('RECEIPT\nreceipt-id:failing');
      }
      expect(figures()).to.deep.equal(done);
      expect(countOf('\n\nthree\0', consumer)).to.equal(2);
      expect(memory.database.all('SELECT nacks FROM message ORDER BY nacks')).to.deep.equal([
        { nacks: 0 },
        { nacks: 0 },
        { nacks: 1 },
      ]);
      const operator = await memory.subscriber('/queue/DLQ.a');
      await says(operator, /dlq-reason:rejected 6 times[^]*original-destination:\/queue\/a\n[^]*\n\none\0/u);
      consumer.drop();
      const next = await memory.subscriber('/queue/a');
      await says(next, 'three');
      if (everythingWorked) break;
      memory.database.close();
    }
    // The block of places, BEGIN, the message, the dead letter and its removal, the acknowledgement, the count, COMMIT.
    expect(refused).to.equal(8);
  });

  it('is not done when there is no room for its dead letter, which was never on disk', async () => {
    memory = createMemoryBroker({ limits: { storedBytes: 900 } });
    const sender = memory.connect();
    sender.receive(sendFrame('/queue/full', 'f', 'x'.repeat(500)));
    await says(sender, 'receipt-id:f');
    const { memoryBytes } = memory.broker.statistics();
    sender.receive('SEND\ndestination:/queue/a\n\none\0');
    const consumer = await memory.subscriber('/queue/a');
    for (let times = 0; times < 5; times += 1) {
      await until(() => countOf('\n\none\0', consumer) === times + 1, { what: `delivery ${times + 1}` });
      consumer.receive(`NACK\nid:${ackOf(consumer, 'one')}\n\n\0`);
    }
    const { storedBytes } = memory.broker.statistics();
    consumer.receive('BEGIN\ntransaction:t\n\n\0');
    consumer.receive(`NACK\ntransaction:t\nid:${ackOf(consumer, 'one')}\n\n\0`);
    consumer.receive('COMMIT\ntransaction:t\nreceipt:commit\n\n\0');
    await says(consumer, /ERROR\n[^]*message:store full\n[^]*receipt-id:commit\n/u);
    expect(memory.broker.statistics().storedBytes).to.equal(storedBytes);
    consumer.receive(`NACK\nid:${ackOf(consumer, 'one')}\nreceipt:nack\n\n\0`);
    await says(consumer, /ERROR\n[^]*message:dead letter not stored\n[^]*receipt-id:nack\n/u);
    consumer.receive(`ACK\nid:${ackOf(consumer, 'one')}\nreceipt:ack\n\n\0`);
    await says(consumer, 'RECEIPT\nreceipt-id:ack');
    expect(memory.broker.statistics()).to.deep.include({ storedBytes, memoryBytes });
  });
});
