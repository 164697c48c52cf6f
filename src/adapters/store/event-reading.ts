import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext } from './context.js';
import { toSequencedEvent } from './rows.js';

/** Events that one page looks at, at most, when it asks for some kinds only: nothing else is served meanwhile. */
const mostLookedAt = 10_000;

export function createEventReading({ db }: StoreContext): Pick<EventLog, 'page'> {
  return {
    async page(project, { after, limit, filter = {} }) {
      // The end is read before the events and the beginning after them, since both only grow: whatever is numbered or
      // removed meanwhile, the page has all there is between them.
      const last = await lastOf(project);
      const until = Math.min(last, filter.kinds === undefined ? last : after + mostLookedAt);
      let query = db
        .selectFrom('project_events')
        .selectAll()
        .where('project', '=', project)
        .where('sequence', '>', after)
        .where('sequence', '<=', until);
      if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
      if (filter.kinds !== undefined) query = query.where('kind', 'in', filter.kinds);
      const rows = await query.orderBy('sequence').limit(limit).execute();
      const first = await firstOf(project, last);
      const events = rows.map(toSequencedEvent).filter(({ sequence }) => sequence >= first);
      const through = rows.length === limit ? (rows.at(-1)?.sequence ?? until) : until;
      return { events, through: Math.max(through, after), first, last };
    },
  };

  async function lastOf(project: string): Promise<number> {
    const row = await db
      .selectFrom('projects')
      .select('last')
      .where('project', '=', project)
      .executeTakeFirst();
    return row?.last ?? 0;
  }

  async function firstOf(project: string, last: number): Promise<number> {
    const row = await db
      .selectFrom('project_events')
      .select('sequence')
      .where('project', '=', project)
      .where('sequence', 'is not', null)
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst();
    return row?.sequence ?? last + 1;
  }
}
