import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { countOfBytes } from '#core/count-of-bytes.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext } from './context.js';
import { toSequencedEvent } from './rows.js';
import type { Tables } from './schema.js';

/** Events that one page looks at, at most, when it asks for some kinds only: nothing else is served meanwhile. */
const mostLookedAt = 10_000;
/** Bytes of one page, about; an event has 64 KiB at most. */
const enoughBytes = 1024 * 1024;

export function createEventReading({ db, dialect }: StoreContext): Pick<EventLog, 'page' | 'last' | 'lasts'> {
  return {
    last: (project) => lastOf(db, project),
    async lasts(projects) {
      const rows = await db
        .selectFrom('projects')
        .select(['project', 'last'])
        .where(dialect.isOneOf('project', dialect.toList(projects)))
        .execute();
      return new Map(rows.map(({ project, last }) => [project, last]));
    },
    async page(project, { after, limit, bytes = enoughBytes, filter = {} }) {
      // The end is read before the events and the beginning after them, since both only grow: whatever is numbered or
      // removed meanwhile, the page has all there is between them.
      const last = await lastOf(db, project);
      const until = Math.min(last, filter.kinds === undefined ? last : after + mostLookedAt);
      // One who looks through a long log for a rare kind asks again and again: others have their turn between.
      if (filter.kinds !== undefined) await new Promise((resolve) => setImmediate(resolve));
      let found = db
        .selectFrom('project_events')
        .where('project', '=', project)
        .where('sequence', '>', after)
        .where('sequence', '<=', until)
        .orderBy('sequence');
      if (filter.subject !== undefined) found = found.where('subject', '=', filter.subject);
      if (filter.kinds !== undefined) found = found.where('kind', 'in', filter.kinds);
      const sizes = await found
        .select(['sequence', sql<number>`length(detail)`.as('bytes')])
        .limit(limit)
        .execute();
      const cut = countOfBytes(sizes, bytes, (size) => size.bytes);
      const end = sizes[cut - 1]?.sequence ?? until;
      const rows = cut === 0 ? [] : await found.where('sequence', '<=', end).selectAll().execute();
      const first = await firstOf(project, last);
      const events = rows.map(toSequencedEvent).filter(({ sequence }) => sequence >= first);
      const through = cut < sizes.length || cut === limit ? end : until;
      // While the log was read its end may have been numbered and removed again.
      return { events, through: Math.max(through, after, first - 1), first, last: Math.max(last, first - 1) };
    },
  };

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

/** The newest number of a project; 0 when it has none. */
export async function lastOf(db: Kysely<Tables>, project: string): Promise<number> {
  const row = await db
    .selectFrom('projects')
    .select('last')
    .where('project', '=', project)
    .executeTakeFirst();
  return row?.last ?? 0;
}
