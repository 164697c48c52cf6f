import { groupBy } from '#core/group-by.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext, Tx } from './context.js';
import type { ProjectEventRow } from './schema.js';

/** Later than now by more than this: the clock was wrong when it entered. Less than that only makes an event stay longer. */
const aheadMs = 24 * 60 * 60 * 1000;

/**
 * Removes events by age; how many there are is held when new ones are numbered. What waits for its number stays, and so does
 * the last number of each project: followers come back with it for good.
 */
export function createEventRetention(context: StoreContext, statusMs: number): Pick<EventLog, 'sweep'> {
  const { commits, clock } = context;
  return {
    sweep: (limit) =>
      commits.run(async (tx) => {
        const now = clock.now();
        const corrected = await bringBack(tx, now, limit);
        return corrected + (await removeEvents(tx, context, now - statusMs, limit - corrected));
      }),
  };
}

/**
 * Events that entered while the clock was far ahead would stay until then: now counts as their time, and as that of all that is
 * later than now, since no event may be later than one that entered behind it. The first ones first, for the same reason.
 */
async function bringBack(tx: Tx, now: number, limit: number): Promise<number> {
  const { newest } = await tx
    .selectFrom('project_events')
    .select((eb) => eb.fn.max<number | null>('entered_at').as('newest'))
    .executeTakeFirstOrThrow();
  if (newest === null || newest <= now + aheadMs) return 0;
  const { numUpdatedRows } = await tx
    .updateTable('project_events')
    .set({ entered_at: now })
    .where('entry', 'in', (eb) =>
      eb
        .selectFrom('project_events')
        .select('entry')
        .where('entered_at', '>', now)
        .orderBy('entered_at')
        .orderBy('entry')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

async function removeEvents(tx: Tx, context: StoreContext, before: number, limit: number): Promise<number> {
  const rows = await tx
    .deleteFrom('project_events')
    .where('entry', 'in', (eb) =>
      eb
        .selectFrom('project_events')
        .select('entry')
        .where('entered_at', '<=', before)
        .where('sequence', 'is not', null)
        .orderBy('entered_at')
        .orderBy('entry')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['project', 'sequence'])
    .execute();
  for (const [project, events] of groupBy(rows, (row) => row.project)) {
    const forgotten = await forgetSubjects(tx, context, project, events);
    if (forgotten === 0) continue;
    await tx
      .updateTable('projects')
      .set((eb) => ({ subjects: eb('subjects', '-', forgotten) }))
      .where('project', '=', project)
      .execute();
  }
  return rows.length;
}

/** Those of which one of these was the newest event. Returns how many. */
async function forgetSubjects(
  tx: Tx,
  { dialect }: StoreContext,
  project: string,
  events: readonly Pick<ProjectEventRow, 'sequence'>[],
): Promise<number> {
  // A number is of one event, and so of one subject.
  const sequences = events.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]));
  const { numDeletedRows } = await tx
    .deleteFrom('project_subjects')
    .where('project', '=', project)
    .where(dialect.isOneOf('sequence', dialect.toList(sequences)))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
