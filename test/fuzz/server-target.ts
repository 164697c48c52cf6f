import { deepStrictEqual } from 'node:assert';
import { createMemoryBroker } from '../unit/adapters/broker/memory-broker.js';
import { createFrameReader } from '../unit/adapters/broker/memory-frames.js';
import type { MemoryTransport } from '../support/memory-transport.js';
import type { FuzzInput } from './input.js';
import { sessionOf } from './input.js';
import type { FuzzTarget, Stopwatch } from './target.js';
import { createStrictLogger, nextTurn } from './target.js';

/** Low enough that inputs reach them. */
const limits = {
  ...{ headerBlockBytes: 4_096, headerLineBytes: 2_048, headerCount: 30, bodyBytes: 8_192 },
  ...{ subscriptionsPerConnection: 4, openTransactions: 3, actionsPerTransaction: 20, queues: 200 },
  ...{ outputBytes: 4_096, listedMessages: 5, topicBacklogBytes: 16_384, frameBytesBeforeConnect: 4_096 },
};

const goodQueue = '/queue/good';

/**
 * The frame parser and the session, over memory, with a broker behind them. A good producer and a good consumer share
 * the broker with the inputs.
 */
export async function startServerTarget(stopwatch: Stopwatch): Promise<FuzzTarget> {
  const problems: string[] = [];
  const memory = createMemoryBroker({ limits, logger: createStrictLogger((what) => problems.push(what)) });
  const producer = memory.connect();
  const consumer = await memory.subscriber(goodQueue);
  const newFrames = createFrameReader(consumer);
  const answers = createFrameReader(producer);
  const received: string[] = [];
  let sent = 0;

  async function exchange(): Promise<void> {
    sent += 1;
    producer.receive(`SEND\ndestination:${goodQueue}\npersistent:true\nreceipt:${sent}\n\n${sent}\0`);
    await memory.settle();
    for (const { command, headers, body } of newFrames()) {
      if (command !== 'MESSAGE') continue;
      received.push(body);
      consumer.receive(`ACK\nid:${headers['ack']}\n\n\0`);
    }
  }

  function leave(transport: MemoryTransport): void {
    if (!transport.destroyed) transport.drop();
  }

  function checkProblems(): void {
    if (problems.length > 0) throw new Error(problems.splice(0).join('\n'));
  }

  /** Takes out what inputs have left behind, until nothing is there. */
  async function drain(): Promise<void> {
    const cleaner = memory.open('cleaner');
    cleaner.receive('CONNECT\naccept-version:1.2\n\n\0');
    for (let round = 0; round < 1_000; round += 1) {
      const [queue] = memory.broker.statistics().queues;
      if (queue === undefined) break;
      // A name may have any character that STOMP can escape.
      const name = queue.name.replaceAll('\\', '\\\\').replaceAll(':', '\\c');
      cleaner.receive(`SUBSCRIBE\nid:s${round}\ndestination:/queue/${name}\n\n\0`);
      await memory.settle();
      cleaner.receive(`UNSUBSCRIBE\nid:s${round}\n\n\0`);
      await memory.settle();
    }
    leave(cleaner);
  }

  return {
    async run(inputs: readonly FuzzInput[]) {
      const sessions = inputs.map((input) => ({ input, transport: memory.open(sessionOf(input.index)) }));
      for (const { input, transport } of sessions) if (input.holds) transport.hold();
      const most = Math.max(...inputs.map(({ turns }) => turns.length));
      for (let turn = 0; turn < most; turn += 1) {
        for (const { input, transport } of sessions) {
          stopwatch.time(input.index, () => {
            for (const piece of input.turns[turn] ?? []) if (!transport.destroyed) transport.receive(piece);
          });
        }
        await nextTurn();
      }
      for (const { input, transport } of sessions) {
        if (transport.written.includes('failure inside the server')) {
          problems.push(`input ${input.index}: failure inside the server`);
        }
        if (input.index % 2 === 0) transport.endInput();
        leave(transport);
      }
      await exchange();
      checkProblems();
    },
    async finish() {
      await exchange();
      const confirmed = answers().filter(({ command }) => command === 'RECEIPT').length;
      deepStrictEqual(
        [confirmed, received],
        [sent, Array.from({ length: sent }, (_, index) => `${index + 1}`)],
      );
      leave(producer);
      leave(consumer);
      await memory.settle();
      const { queues, durableSubscriptions } = memory.broker.statistics();
      for (const { name, consumers, inFlight } of [...queues, ...durableSubscriptions]) {
        deepStrictEqual({ name, consumers, inFlight }, { name, consumers: 0, inFlight: 0 });
      }
      await drain();
      const left = memory.broker.statistics();
      deepStrictEqual(left.queues, []);
      // What waits for a durable subscription has to.
      if (durableSubscriptions.every(({ depth }) => depth === 0)) {
        deepStrictEqual([left.memoryBytes, left.storedBytes], [0, 0]);
        deepStrictEqual(memory.database.all('SELECT count(*) AS count FROM message'), [{ count: 0 }]);
      }
      deepStrictEqual({ timers: memory.clock.pending }, { timers: 0 });
      memory.database.close();
      checkProblems();
    },
  };
}
