import { setImmediate } from 'node:timers/promises';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestState } from '#core/request.js';
import type { StoreContext } from './context.js';
import { openStates } from './queries.js';

/** How many requests are open: in all, for each queue, of each name. */
export function createCounting(
  context: StoreContext,
): Pick<RequestStore, 'counts' | 'countsByQueue' | 'countsByName'> {
  const { db } = context;
  return {
    async counts() {
      const rows = await db
        .selectFrom('requests')
        .select((eb) => ['status', eb.fn.countAll<number>().as('count')])
        .where('status', 'in', ['accepted', 'sent'])
        .groupBy('status')
        .execute();
      const count = (status: string): number => rows.find((row) => row.status === status)?.count ?? 0;
      return { pending: count('accepted') + count('sent'), unsent: count('accepted') };
    },

    async countsByQueue() {
      const counts = new Map<string, { pending: number; unsent: number }>();
      for (const status of openStates) {
        for await (const { queue, count } of countOpen(context, status)) {
          const known = counts.get(queue) ?? { pending: 0, unsent: 0 };
          counts.set(queue, known);
          known.pending += count;
          if (status === 'accepted') known.unsent += count;
        }
      }
      return counts;
    },

    async countsByName() {
      const rows = await db
        .selectFrom('requests')
        .select((eb) => ['posted_by', eb.fn.countAll<number>().as('count')])
        .where('posted_by', 'is not', null)
        .where('final_at', 'is', null)
        .groupBy('posted_by')
        .execute();
      return new Map(rows.map(({ posted_by: name, count }) => [name ?? '', count]));
    },
  };
}

/** An index has what is counted, in the order of `seq`: some milliseconds for each page. */
const countedAtOnce = 20_000;

/** Page by page; a queue comes once for each. */
async function* countOpen(
  { db }: StoreContext,
  status: RequestState,
): AsyncGenerator<{ readonly queue: string; readonly count: number }> {
  let after = 0;
  for (;;) {
    const page = await db
      .selectFrom((eb) =>
        eb
          .selectFrom('requests')
          .select(['queue', 'seq'])
          .where('status', '=', status)
          .where('seq', '>', after)
          .orderBy('seq')
          .limit(countedAtOnce)
          .as('page'),
      )
      .select((eb) => ['queue', eb.fn.countAll<number>().as('count'), eb.fn.max<number>('seq').as('last')])
      .groupBy('queue')
      .execute();
    yield* page;
    let seen = 0;
    for (const { count, last } of page) {
      seen += count;
      after = Math.max(after, last);
    }
    if (seen < countedAtOnce) return;
    // A database in this process answers at once: whoever waits comes first.
    await setImmediate();
  }
}
