import { expect } from 'chai';
import fc from 'fast-check';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker } from './memory-broker.js';

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

/** What comes in one turn of the event loop, before the broker has done anything of it that takes time. */
const turn = fc.array(
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
      weight: 3,
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
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('leave'),
        consumer: fc.nat(),
        by: fc.constantFrom('UNSUBSCRIBE', 'drop'),
      }),
    },
  ),
  { minLength: 1, maxLength: 4 },
);

const turns = fc.array(turn, { maxLength: 40 });

interface Delivery {
  readonly ack: string;
  readonly text: string;
}

class Consumer {
  readonly settled = new Set<string>();
  readonly transport: MemoryTransport;
  readonly mode: AckMode;
  readonly prefetch: number;

  constructor(transport: MemoryTransport, mode: AckMode, prefetch: number) {
    this.transport = transport;
    this.mode = mode;
    this.prefetch = prefetch;
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
  /** Whoever can take something has it, and whoever subscribed is known. */
  function expectDelivered({ broker }: MemoryBroker, consumers: readonly Consumer[]): void {
    const queue = broker.statistics().queues.find(({ name }) => name === 'q');
    expect(queue?.consumers ?? 0).to.equal(consumers.length);
    if (queue === undefined || queue.depth === 0) return;
    for (const consumer of consumers) expect(consumer.outstanding().length).to.be.at.least(consumer.prefetch);
  }

  it('keeps each message that it confirmed until it is acknowledged, and moves it after six NACKs', async () => {
    await fc.assert(
      fc.asyncProperty(turns, async (sequence) => {
        const memory = createMemoryBroker({ limits: { listedMessages: 3, memoryBytes: 100_000 } });
        const sender = memory.connect();
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
          const transport = memory.connect();
          transport.receive(
            `SUBSCRIBE\nid:s\ndestination:/queue/q\nack:${mode}\nprefetch-count:${prefetch}\n\n\0`,
          );
          consumers.push(new Consumer(transport, mode, prefetch));
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

        function take(step: Step): void {
          if (step.kind === 'send') send(step.persistent, step.inTransaction);
          else if (step.kind === 'open') open(step.mode, step.prefetch);
          else if (step.kind === 'leave') leave(step.consumer, step.by);
          else if (consumers.length > 0) {
            settleOne(step.command, consumers[step.consumer % consumers.length]!, step.delivery);
          }
        }

        for (const stepsOfTurn of sequence) {
          stepsOfTurn.forEach(take);
          await memory.settle();
          expectDelivered(memory, consumers);
        }

        while (consumers.length > 0) leave(0, 'drop');
        expect(sender.written).not.to.include('ERROR');
        const collect = async (destination: string): Promise<string[]> => {
          const collector = memory.connect();
          collector.receive(`SUBSCRIBE\nid:s\ndestination:${destination}\nack:auto\n\n\0`);
          await memory.settle();
          return [...collector.written.matchAll(/MESSAGE\n[^]*?\n\n(.*?)\0/gu)].map(([, text = '']) => text);
        };
        expect(await collect('/queue/q')).to.deep.equal([...alive.keys()]);
        expect(new Set(await collect('/queue/DLQ.q'))).to.deep.equal(dead);
        await memory.settle();
        expect(memory.broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
        expect(memory.database.all('SELECT count(*) AS count FROM message')).to.deep.equal([{ count: 0 }]);
        memory.database.close();
      }),
      { numRuns: 300 },
    );
  });
});
