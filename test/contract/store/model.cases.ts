import { expect } from 'chai';
import fc from 'fast-check';
import type { Store } from '#adapters/store/open-store.js';
import type { OutboxResult } from '#core/ports/outbox.js';
import type { IncomingReply, NewRequest } from '#core/request.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs, retentionMs } from './bench.js';
import type { StoreModel } from './model.js';
import { createStoreModel } from './model.js';

/** So few that they meet often. */
const ids = ['r1', 'r2'] as const;

/** The store under test, and what a driver of it has to remember. */
interface Real {
  readonly store: Store;
  readonly clock: ManualClock;
  /** Ids of outbox deliveries as they were handed out, by request and reply number. */
  readonly deliveryIds: Map<string, number>;
  /** What was seen last of each request, to check versions. */
  readonly seen: Map<string, { readonly version: number; readonly rest: string }>;
}

type Command = fc.AsyncCommand<StoreModel, Real>;

/** One operation on model and store: both must say the same, and look the same afterwards. */
function command(
  name: string,
  onModel: (model: StoreModel) => unknown,
  onStore: (store: Store, real: Real) => Promise<unknown>,
): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real) {
      expect(await onStore(real.store, real), `what ${name} says`).to.deep.equal(onModel(model));
      await compare(model, real);
    },
  };
}

async function compare(model: StoreModel, real: Real): Promise<void> {
  const { requests, outbox, deadLetters } = real.store;
  for (const id of ids) {
    const known = model.request(id);
    const record = await requests.find(id);
    if (record === null || known === undefined) {
      expect([record, known], `whether ${id} is kept`).to.deep.equal([null, undefined]);
      real.seen.delete(id);
      continue;
    }
    const { version, ...rest } = record;
    expect(rest, `the record of ${id}`).to.deep.equal(known.record);
    const events = await requests.events(id, 0, 1_000);
    expect(events.map(({ number }) => number)).to.deep.equal(known.history.map((_, index) => index + 1));
    expect(
      events.map(({ data, kind }) => (data as { status?: string } | undefined)?.status ?? kind),
      `the history of ${id}`,
    ).to.deep.equal(known.history);
    const lates = [];
    for (let number = 1; number <= rest.replies; number += 1) {
      lates.push((await requests.findReply(id, number))?.late);
    }
    expect(lates, `the replies of ${id}`).to.deep.equal(known.replies.map(({ late }) => late));
    compareVersion(real, id, version, JSON.stringify([rest, events.length]));
  }
  expect(await outbox.nextDueMs(), 'when a delivery is due').to.equal(model.nextDueMs());
  expect(await deadLetters.count()).to.deep.equal({ invalid: 0, ...model.deadLetters() });
}

/** The ETag: another one whenever something else can be seen. */
function compareVersion({ seen }: Real, id: string, version: number, rest: string): void {
  const before = seen.get(id);
  if (before !== undefined && before.rest !== rest) {
    expect(version, `the version of ${id} after a change`).to.be.greaterThan(before.version);
  }
  seen.set(id, { version, rest });
}

const id = fc.constantFrom(...ids);
const owner = fc.constantFrom('a', 'a', 'a', 'b');

function toReply(correlationIds: readonly string[], replyId: string, isFault: boolean): IncomingReply {
  const parts = { correlationIds, replyId, messageId: `message ${replyId}` };
  return isFault ? newFaultReply('', parts) : newReply('', parts);
}

const request: fc.Arbitrary<NewRequest> = fc
  .record({
    id,
    queue: fc.constantFrom('x', 'y'),
    replyTo: fc.constantFrom('answers', 'answers', null),
    oneWay: fc.constantFrom(false, false, false, true),
    timeoutMs: fc.constantFrom(null, 50, 500),
    fingerprint: fc.constantFrom('one', 'one', 'other'),
  })
  .map((parts) => newRequest(parts));

const result: fc.Arbitrary<OutboxResult> = fc.constantFrom<OutboxResult[]>(
  { kind: 'delivered' },
  { kind: 'refused', error: 'no', retryMs: 1 },
  { kind: 'postponed', error: 'away', retryMs: 0 },
  { kind: 'dead', error: 'never' },
);

const sendCommands: fc.Arbitrary<Command>[] = [
  fc.tuple(request, fc.constantFrom('a', 'b', null)).map(([asked, by]) =>
    command(
      `accept ${asked.id} ${asked.fingerprint} by ${by ?? 'nobody'}`,
      (model) => model.accept(asked, by),
      async (store) => (await store.requests.accept(asked, { owner: by, leaseMs })).kind,
    ),
  ),
  fc.tuple(owner, fc.constantFrom(undefined, 'x')).map(([by, queue]) =>
    command(
      `claim of ${queue ?? 'all'} by ${by}`,
      (model) => model.claim(by, queue),
      async (store) => {
        const scope = queue === undefined ? {} : { queue };
        const claimed = await store.requests.claimUnsent({ owner: by, leaseMs, limit: 10, ...scope });
        return claimed.map((stored) => stored.id);
      },
    ),
  ),
  fc.tuple(id, owner, fc.boolean()).map(([of, by, written]) =>
    command(
      `release ${of} by ${by} ${written ? 'written' : 'unwritten'}`,
      (model) => model.release(of, by, written),
      (store) => store.requests.releaseSend(of, by, written),
    ),
  ),
  fc.tuple(id, owner).map(([of, by]) =>
    command(
      `renew ${of} by ${by}`,
      (model) => model.renew(of, by),
      (store) => store.requests.renewSend([of], by, leaseMs),
    ),
  ),
  id.map((of) =>
    command(
      `mark ${of} as sent`,
      (model) => model.markSent(of),
      async (store) => (await store.requests.markSent(of)) !== null,
    ),
  ),
];

const endCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(
      fc.array(fc.constantFrom(...ids, 'unknown'), { minLength: 1, maxLength: 2 }),
      fc.constantFrom('p1', 'p2', 'p3'),
      fc.boolean(),
    )
    .map(([correlationIds, replyId, isFault]) => {
      const reply = toReply(correlationIds, replyId, isFault);
      return command(
        `settle ${correlationIds.join(' or ')} by ${isFault ? 'fault' : 'reply'} ${replyId}`,
        (model) => model.settle(reply),
        async (store) => (await store.requests.settle(reply)).kind,
      );
    }),
  id.map((of) =>
    command(
      `cancel ${of}`,
      (model) => model.cancel(of),
      async (store) => (await store.requests.cancel(of))?.changed ?? null,
    ),
  ),
  fc.constant(
    command(
      'expire',
      (model) => model.expire().sort(),
      async (store) => (await store.requests.expireDue(10)).map((record) => record.id).sort(),
    ),
  ),
  fc.tuple(id, fc.constantFrom('e', 'ee')).map(([of, eventId]) =>
    command(
      `progress ${eventId} of ${of}`,
      (model) => model.progress(of, eventId),
      async (store) =>
        (await store.requests.appendEvent({
          ...{ id: eventId, project: null, subject: of, kind: 'progress', percent: eventId.length, time: 0 },
        })) !== null,
    ),
  ),
];

const outboxCommands: fc.Arbitrary<Command>[] = [
  owner.map((by) =>
    command(
      `claim of deliveries by ${by}`,
      (model) => model.claimDue(by),
      async (store, { deliveryIds }) => {
        const claimed = await store.outbox.claimDue({ owner: by, leaseMs, limit: 100 });
        return claimed.map((delivery) => {
          const { requestId, reply, attempts } = delivery;
          const key = `${requestId}/${reply?.number ?? 0}`;
          deliveryIds.set(key, delivery.id);
          return `${key}/${attempts}`;
        });
      },
    ),
  ),
  fc.tuple(id, fc.constantFrom(0, 1), owner, result).map(([of, number, by, outcome]) =>
    command(
      `finish ${of}/${number} by ${by} as ${outcome.kind}`,
      (model) => model.finish(of, number, by, outcome),
      (store, { deliveryIds }) => store.outbox.finish(deliveryIds.get(`${of}/${number}`) ?? -1, by, outcome),
    ),
  ),
];

const timeCommands: fc.Arbitrary<Command>[] = [
  fc.constantFrom(1, 50, 500, leaseMs, retentionMs).map((ms) =>
    command(
      `${ms} ms later`,
      (model) => model.advance(ms),
      (_, { clock }) => {
        clock.advance(ms);
        return Promise.resolve();
      },
    ),
  ),
  fc.constant(
    command(
      'sweep',
      (model) => model.sweep(),
      (store) => store.requests.sweep(100),
    ),
  ),
];

const allCommands = [...sendCommands, ...endCommands, ...outboxCommands, ...outboxCommands, ...timeCommands];

export function modelCases(test: Case, bench: StoreBench): void {
  test('says what the state machine says, after any sequence of operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(allCommands, { maxCommands: 60, size: 'max' }), async (commands) => {
        const store = await bench.openElsewhere();
        const { clock } = bench;
        try {
          await fc.asyncModelRun(
            () => ({
              model: createStoreModel(clock.now()),
              real: { store, clock, deliveryIds: new Map(), seen: new Map() },
            }),
            commands,
          );
        } finally {
          await store.close();
        }
      }),
      { numRuns: 200 },
    );
  });
}
