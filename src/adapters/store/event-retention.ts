import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext, Tx } from './context.js';

/**
 * Removes events by age; their number is held when new ones are numbered. What waits for its number stays. A project of which
 * nothing was heard for twice as long is forgotten: its events begin with 1 again.
 */
export function createEventRetention(
  { commits, clock }: StoreContext,
  statusMs: number,
): Pick<EventLog, 'sweep'> {
  return {
    sweep: (limit) =>
      commits.run(async (tx) => {
        const now = clock.now();
        const removed = await removeEvents(tx, now - statusMs, limit);
        return removed + (await removeProjects(tx, now - 2 * statusMs, limit - removed));
      }),
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

async function removeProjects(tx: Tx, before: number, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('projects')
    .where('project', 'in', (eb) =>
      eb
        .selectFrom('projects')
        .select('project')
        .where('time', '<=', before)
        .where((one) =>
          one.not(
            one.exists(
              one
                .selectFrom('project_events')
                .whereRef('project_events.project', '=', 'projects.project')
                .select('entry'),
            ),
          ),
        )
        .orderBy('time')
        .limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
