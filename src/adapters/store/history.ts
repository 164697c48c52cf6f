import type { RequestStore } from '#core/ports/request-store.js';
import type { StoreContext } from './context.js';
import { toNumberedEvent } from './rows.js';

/** What happened to one request; written by event-entry.ts. */
export function createHistory({ db }: StoreContext): Pick<RequestStore, 'events'> {
  return {
    async events(id, after, limit) {
      const rows = await db
        .selectFrom('events')
        .innerJoin('requests', 'requests.seq', 'events.request_seq')
        .selectAll('events')
        .where('requests.id', '=', id)
        .where('events.number', '>', after)
        .orderBy('events.number')
        .limit(limit)
        .execute();
      return rows.map((row) => toNumberedEvent(id, row));
    },
  };
}
