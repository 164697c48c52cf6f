import { expect } from 'chai';
import fc from 'fast-check';
import { silentLogger } from '#core/ports/logger.js';
import { completeLimits } from '#adapters/broker/limits.js';
import { createMessageLog } from '#adapters/broker/message-log.js';
import type { RunningBroker } from '#adapters/broker/running-broker.js';
import { createRunningBroker } from '#adapters/broker/running-broker.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { createSession } from '#adapters/stomp-server/session.js';
import { createManualClock } from '../../../support/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { createMemoryTransport } from '../../../support/memory-transport.js';

type AckMode = 'client' | 'client-individual';

type Step =
  | { readonly kind: 'send'; readonly persistent: boolean; readonly inTransaction: boolean }
  | { readonly kind: 'open'; readonly mode: AckMode; readonly prefetch: number }
  | {
      readonly kind: 'settle';
      readonly command: 'ACK' | 'NACK';
      readonly consumer: number;
      readonly delivery: number;
    }
  | { readonly kind: 'leave'; readonly consumer: number; readonly by: 'UNSUBSCRIBE' | 'drop' };

const steps = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('send'),
        persistent: fc.boolean(),
        inTransaction: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('open'),
        mode: fc.constantFrom<AckMode>('client', 'client-individual'),
        prefetch: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('settle'),
        command: fc.constantFrom('ACK', 'NACK', 'NACK'),
        consumer: fc.nat(),
        delivery: fc.nat(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('leave'),
        consumer: fc.nat(),
        by: fc.constantFrom('UNSUBSCRIBE', 'drop'),
      }),
    },
  ),
  { maxLength: 60 },
);

interface Delivery {
  readonly ack: string;
  readonly text: string;
}

class Consumer {
  readonly settled = new Set<string>();
  readonly transport: MemoryTransport;
  readonly mode: AckMode;

  constructor(transport: MemoryTransport, mode: AckMode) {
    this.transport = transport;
    this.mode = mode;
  }

  /** Deliveries that are not settled, in their order. */
  outstanding(): Delivery[] {
    const frames = this.transport.written.matchAll(/MESSAGE\n[^]*?\nack:(.*)\n[^]*?\n\n(.*?)\0/gu);
    return Array.from(frames, ([, ack = '', text = '']) => ({ ack, text })).filter(
      ({ ack }) => !this.settled.has(ack),
    );
  }
}

describe('the embedded broker, whatever its clients do', () => {
  function connect(broker: RunningBroker): MemoryTransport {
    const transport = createMemoryTransport();
    createSession({
      id: Math.random().toString(36).slice(2),
      transport,
      server: 'test',
      limits: completeLimits(),
      clock: createManualClock(),
      logger: silentLogger,
      accept: (session, frame) => broker.connect(session, frame),
      onClosed: () => undefined,
    });
    transport.receive('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
    return transport;
  }

  /** Lets the broker finish what it has begun: the group commit, and subscriptions, which begin a turn later. */
  async function settle(broker: RunningBroker): Promise<void> {
    for (let turns = 0; turns < 3; turns += 1) {
      await broker.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('keeps each message that it confirmed until it is acknowledged, and moves it after six NACKs', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const database = openDatabase({ path: ':memory:' });
        const log = createMessageLog(database);
        const limits = completeLimits({ listedMessages: 3, memoryBytes: 100_000 });
        const broker = createRunningBroker({ log, limits, clock: createManualClock(), logger: silentLogger });
        const sender = connect(broker);
        const consumers: Consumer[] = [];
        /** Rejections of each message that must still be there. */
        const alive = new Map<string, number>();
        const dead = new Set<string>();
        let sent = 0;

        function send(persistent: boolean, inTransaction: boolean): void {
          sent += 1;
          alive.set(String(sent), 0);
          const transaction = inTransaction ? `transaction:${sent}\n` : '';
          if (inTransaction) sender.receive(`BEGIN\n${transaction}\n\0`);
          sender.receive(`SEND\ndestination:/queue/q\npersistent:${persistent}\n${transaction}\n${sent}\0`);
          if (inTransaction) sender.receive(`COMMIT\n${transaction}\n\0`);
        }

        function open(mode: AckMode, prefetch: number): void {
          const transport = connect(broker);
          transport.receive(
            `SUBSCRIBE\nid:s\ndestination:/queue/q\nack:${mode}\nprefetch-count:${prefetch}\n\n\0`,
          );
          consumers.push(new Consumer(transport, mode));
        }

        function settleOne(command: 'ACK' | 'NACK', consumer: Consumer, place: number): void {
          const outstanding = consumer.outstanding();
          const index = place % Math.max(1, outstanding.length);
          const chosen = outstanding[index];
          if (chosen === undefined) return;
          const covered = consumer.mode === 'client' ? outstanding.slice(0, index + 1) : [chosen];
          for (const { ack, text } of covered) {
            consumer.settled.add(ack);
            const nacks = (alive.get(text) ?? 0) + 1;
            if (command === 'ACK' || nacks === 6) alive.delete(text);
            else alive.set(text, nacks);
            if (command === 'NACK' && nacks === 6) dead.add(text);
          }
          consumer.transport.receive(`${command}\nid:${chosen.ack}\n\n\0`);
        }

        function leave(place: number, by: 'UNSUBSCRIBE' | 'drop'): void {
          const [consumer] = consumers.splice(place % Math.max(1, consumers.length), 1);
          if (by === 'UNSUBSCRIBE') consumer?.transport.receive('UNSUBSCRIBE\nid:s\n\n\0');
          consumer?.transport.drop();
        }

        for (const step of sequence) {
          if (step.kind === 'send') send(step.persistent, step.inTransaction);
          else if (step.kind === 'open') open(step.mode, step.prefetch);
          else if (step.kind === 'leave') leave(step.consumer, step.by);
          else if (consumers.length > 0) {
            settleOne(step.command, consumers[step.consumer % consumers.length]!, step.delivery);
          }
          await settle(broker);
        }

        while (consumers.length > 0) leave(0, 'drop');
        expect(sender.written).not.to.include('ERROR');
        const collect = async (destination: string): Promise<string[]> => {
          const collector = connect(broker);
          collector.receive(`SUBSCRIBE\nid:s\ndestination:${destination}\nack:auto\n\n\0`);
          await settle(broker);
          return [...collector.written.matchAll(/MESSAGE\n[^]*?\n\n(.*?)\0/gu)].map(([, text = '']) => text);
        };
        expect(await collect('/queue/q')).to.deep.equal([...alive.keys()]);
        expect(new Set(await collect('/queue/DLQ.q'))).to.deep.equal(dead);
        await settle(broker);
        expect(broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
        expect(database.all('SELECT count(*) AS count FROM message')).to.deep.equal([{ count: 0 }]);
        database.close();
      }),
      { numRuns: 150 },
    );
  });
});
