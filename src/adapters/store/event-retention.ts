import { groupBy } from '#core/group-by.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext, Tx } from './context.js';
import type { ProjectEventRow } from './schema.js';

/**
 * Removes events by age; how many there are is held when new ones are numbered. What waits for its number stays, and so does
 * the last number of each project: followers come back with it for good.
 */
export function createEventRetention(
  { commits, clock }: StoreContext,
  statusMs: number,
): Pick<EventLog, 'sweep'> {
  return {
    sweep: (limit) => commits.run((tx) => removeEvents(tx, clock.now() - statusMs, limit)),
  };
}

async function removeEvents(tx: Tx, before: number, limit: number): Promise<number> {
  const rows = await tx
    .deleteFrom('project_events')
    .where('entry', 'in', (eb) =>
      eb
        .selectFrom('project_events')
        .select('entry')
        .where('entered_at', '<=', before)
        .where('sequence', 'is not', null)
        .orderBy('entered_at')
        .limit(limit),
    )
    .returning(['project', 'subject', 'sequence'])
    .execute();
  for (const [project, events] of groupBy(rows, (row) => row.project)) {
    const forgotten = await forgetSubjects(tx, events);
    if (forgotten === 0) continue;
    await tx
      .updateTable('projects')
      .set((eb) => ({ subjects: eb('subjects', '-', forgotten) }))
      .where('project', '=', project)
      .execute();
  }
  return rows.length;
}

/** Those of which this was the newest event. Returns how many. */
async function forgetSubjects(
  tx: Tx,
  events: readonly Pick<ProjectEventRow, 'project' | 'subject' | 'sequence'>[],
): Promise<number> {
  let forgotten = 0;
  for (const { project, subject, sequence } of events) {
    const { numDeletedRows } = await tx
      .deleteFrom('project_subjects')
      .where('project', '=', project)
      .where('subject', '=', subject)
      .where('sequence', '=', sequence)
      .executeTakeFirst();
    forgotten += Number(numDeletedRows);
  }
  return forgotten;
}
