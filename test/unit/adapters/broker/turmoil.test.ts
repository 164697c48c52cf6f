import { expect } from 'chai';
import fc from 'fast-check';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker } from './memory-broker.js';
import type { AckMode, SentMessage } from './model-client.js';
import { ModelClient } from './model-client.js';

const queues = ['/queue/q', '/queue/r', '/queue/DLQ.q'] as const;

type Action =
  | { readonly kind: 'connect' }
  | {
      readonly kind: 'send';
      readonly client: number;
      readonly to: string;
      readonly persistent: boolean;
      readonly inTransaction: boolean;
    }
  | { readonly kind: 'begin' | 'commit' | 'abort' | 'hold' | 'flush'; readonly client: number }
  | {
      readonly kind: 'subscribe';
      readonly client: number;
      readonly to: string;
      readonly mode: AckMode;
      readonly prefetch: number;
    }
  | { readonly kind: 'unsubscribe'; readonly client: number; readonly place: number }
  | {
      readonly kind: 'settle';
      readonly client: number;
      readonly command: 'ACK' | 'NACK';
      readonly place: number;
      /** One after the other; a rejected message is there again at once. */
      readonly times: number;
      readonly inTransaction: boolean;
    }
  | { readonly kind: 'leave'; readonly client: number; readonly by: 'DISCONNECT' | 'drop' }
  | { readonly kind: 'fail'; readonly statements: RegExp; readonly after: number; readonly times: number };

const client = fc.nat({ max: 3 });
const place = fc.nat({ max: 5 });
const to = fc.constantFrom<string>(...queues, queues[0]);
const inTransaction = fc.boolean();
const of = <K extends string>(...kinds: K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds);

const action = fc.oneof<fc.WeightedArbitrary<Action>[]>(
  { weight: 2, arbitrary: fc.record({ kind: of('connect') }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: of('send'), client, to, persistent: fc.boolean(), inTransaction }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: of('begin', 'begin', 'commit', 'commit', 'commit', 'abort'), client }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('hold', 'flush'), client }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: of('subscribe'),
      client,
      to,
      mode: of('auto', 'client', 'client', 'client-individual', 'client-individual'),
      prefetch: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('unsubscribe'), client, place }) },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: of('settle'),
      client,
      command: of('ACK', 'NACK', 'NACK'),
      place,
      times: fc.constantFrom(1, 1, 1, 5, 6),
      inTransaction,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('leave'), client, by: of('DISCONNECT', 'drop') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: of('fail'),
      statements: fc.constantFrom(
        /^/u,
        /^(INSERT|UPDATE|DELETE|COMMIT)/u,
        /^SELECT/u,
        /^INSERT/u,
        /^DELETE/u,
      ),
      after: fc.nat({ max: 4 }),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

/** What comes in one turn of the event loop, and how many turns the broker then has for itself; 3 are enough for all. */
const turns = fc.array(
  fc.record({
    actions: fc.array(action, { minLength: 1, maxLength: 6, size: 'max' }),
    pause: fc.nat({ max: 3 }),
    healed: fc.boolean(),
  }),
  { maxLength: 60, size: 'max' },
);

const limits = { listedMessages: 3, memoryBytes: 4_000, storedBytes: 8_000, queues: 3, outputBytes: 300 };

describe('the embedded broker, whatever its clients do and its store refuses', () => {
  /** Everything works again, and everybody reads. */
  async function heal(memory: MemoryBroker, clients: readonly ModelClient[]): Promise<void> {
    memory.fail();
    for (const { transport } of clients) transport.flush();
    await memory.settle();
    memory.clock.advance(1_000);
    await memory.settle();
  }

  /** Who can take something has it. */
  function expectDelivered({ broker }: MemoryBroker, clients: readonly ModelClient[]): void {
    for (const { name, depth, consumers, inFlight } of broker.statistics().queues) {
      const mine = `/queue/${name}`;
      const subscriptions = clients.flatMap((one) => [...one.subscriptions.values()]);
      expect(consumers, name).to.equal(
        subscriptions.filter(({ destination }) => destination === mine).length,
      );
      const held = clients.map((one) => one.holds(mine));
      expect(inFlight, name).to.equal(held.reduce((sum, { outstanding }) => sum + outstanding, 0));
      if (depth > 0) expect(Math.max(0, ...held.map(({ room }) => room)), name).to.equal(0);
    }
  }

  async function collect(memory: MemoryBroker): Promise<string[]> {
    const bodies: string[] = [];
    for (const { name } of memory.broker.statistics().queues) {
      const collector = memory.connect();
      collector.receive(`SUBSCRIBE\nid:s\ndestination:/queue/${name}\n\n\0`);
      await memory.settle();
      for (const [, body = ''] of collector.written.matchAll(/MESSAGE\n[^]*?\n\n(.*?)\0/gu))
        bodies.push(body);
      collector.drop();
    }
    return bodies;
  }

  function expectKept(
    messages: Map<string, SentMessage>,
    found: readonly string[],
    restarted: boolean,
  ): void {
    expect(new Set(found).size, 'found twice').to.equal(found.length);
    for (const [body, { persistent, stored, acknowledged, deliveries }] of messages) {
      const isFound = found.includes(body);
      const what = `message ${body}, stored: ${stored}, acknowledged: ${acknowledged}`;
      if (stored === 'no') expect(isFound || deliveries > 0, what).to.equal(false);
      else if (acknowledged === 'yes') expect(isFound, what).to.equal(false);
      else if (stored === 'yes' && acknowledged === 'no' && (persistent || !restarted)) {
        expect(isFound, what).to.equal(true);
      }
    }
  }

  it('keeps each message that it confirmed until it is acknowledged, and nothing that it refused', async () => {
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), async (sequence, restarts) => {
        const memory = createMemoryBroker({ limits });
        const messages = new Map<string, SentMessage>();
        const all: ModelClient[] = [];
        let present: ModelClient[] = [];

        function fail(statements: RegExp, after: number, times: number): void {
          let seen = 0;
          memory.fail((sql) => {
            seen += Number(statements.test(sql));
            return statements.test(sql) && seen > after && seen <= after + times;
          });
        }

        function connect(): void {
          if (present.length > 3) return;
          const opened = new ModelClient(memory.connect(), messages);
          all.push(opened);
          present.push(opened);
        }

        function carryOut(step: Action): void {
          const actor = 'client' in step ? present[step.client % Math.max(1, present.length)] : undefined;
          if (step.kind === 'connect') connect();
          else if (step.kind === 'fail') fail(step.statements, step.after, step.times);
          else if (actor === undefined) return;
          else if (step.kind === 'send') actor.send(step.to, step.persistent, step.inTransaction);
          else if (step.kind === 'subscribe') actor.subscribe(step.to, step.mode, step.prefetch);
          else if (step.kind === 'unsubscribe') actor.unsubscribe(step.place);
          else if (step.kind === 'settle') {
            for (let count = 0; count < step.times; count += 1) {
              actor.settle(step.command, step.place, step.inTransaction);
            }
          } else if (step.kind === 'leave') actor.leave(step.by);
          else if (step.kind === 'hold' || step.kind === 'flush') actor.transport[step.kind]();
          else actor[step.kind]();
          present = present.filter(({ gone }) => !gone);
        }

        connect();
        connect();
        for (const { actions, pause, healed } of sequence) {
          actions.forEach(carryOut);
          for (let count = 0; count < pause; count += 1)
            await new Promise((resolve) => setImmediate(resolve));
          if (!healed) continue;
          await heal(memory, present);
          expectDelivered(memory, present);
        }
        await heal(memory, present);
        expectDelivered(memory, present);
        for (const one of present) one.leave('DISCONNECT');
        await heal(memory, present);
        for (const one of all) expect(one.end()).to.equal(false);
        if (restarts) memory.restart();
        expectKept(messages, await collect(memory), restarts);
        await memory.settle();
        expect(memory.broker.statistics()).to.deep.include({ queues: [], storedBytes: 0, memoryBytes: 0 });
        expect(memory.database.all('SELECT count(*) AS count FROM message')).to.deep.equal([{ count: 0 }]);
        memory.database.close();
      }),
      { numRuns: 300 },
    );
  });
});
