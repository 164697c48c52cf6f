import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext, Tx } from './context.js';

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
  for (const { project, subject, sequence } of rows) {
    await tx
      .deleteFrom('project_subjects')
      .where('project', '=', project)
      .where('subject', '=', subject)
      .where('sequence', '=', sequence)
      .execute();
  }
  return rows.length;
}
