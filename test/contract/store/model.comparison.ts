import { expect } from 'chai';
import type { AsyncCommand } from 'fast-check';
import type { Store } from '#adapters/store/store.js';
import type { ManualClock } from '#testing/manual-clock.js';
import type { StoreModel } from './model.js';

/** So few that they meet often. */
export const ids = ['r1', 'r2'] as const;

/** The store under test, and what a driver of it has to remember. */
interface Real {
  readonly store: Store;
  readonly clock: ManualClock;
  /** Ids of outbox deliveries as they were handed out, by request and reply number. */
  readonly deliveryIds: Map<string, number>;
  /** What was seen last of each request, to check versions. */
  readonly seen: Map<string, { readonly version: number; readonly rest: string }>;
}

export type Command = AsyncCommand<StoreModel, Real>;

/** One operation on model and store: both must say the same, and look the same afterwards. */
export function command(
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
  const { requests, deadLetters } = real.store;
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
