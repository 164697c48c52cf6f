import { groupBy } from '#core/group-by.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { SequencedEvent } from '#core/status-event.js';
import type { StoreContext, Tx } from './context.js';
import { lastOf } from './event-reading.js';
import { noteSubjects } from './event-subjects.js';
import { toSequencedEvent } from './rows.js';

const duty = 'sequencer';

type Numbering = Pick<
  EventLog,
  'hasUnnumbered' | 'claimDuty' | 'releaseDuty' | 'number' | 'unpublished' | 'markPublished'
>;

/** @param mostPerProject events that stay for each project */
export function createEventNumbering(
  { db, commits, queries, clock, dialect }: StoreContext,
  mostPerProject: number,
): Numbering {
  async function hasDuty(tx: Tx, owner: string): Promise<boolean> {
    const row = await tx
      .selectFrom('duties')
      .selectAll()
      .where('duty', '=', duty)
      .forUpdate()
      .executeTakeFirst();
    return row?.owner === owner && row.lease_until > clock.now();
  }

  async function number(tx: Tx, limit: number): Promise<SequencedEvent[]> {
    const rows = await queries.unnumbered(tx, { limit });
    const numbered: SequencedEvent[] = [];
    for (const [project, entries] of groupBy(rows, (row) => row.project)) {
      const before = await lastOf(tx, project);
      let last = before;
      for (const row of entries) {
        last += 1;
        await queries.setSequence(tx, { entry: row.entry, sequence: last });
        numbered.push(toSequencedEvent({ ...row, sequence: last }));
      }
      const added = await noteSubjects(tx, project, { entries, after: before });
      const removed = await removeOldest(tx, project, last - mostPerProject, entries.length);
      const subjects = added - removed;
      const time = clock.now();
      await tx
        .insertInto('projects')
        .values({ project, last, published: before, time, subjects })
        .onConflict((conflict) =>
          conflict
            .column('project')
            .doUpdateSet((eb) => ({ last, time, subjects: eb('projects.subjects', '+', subjects) })),
        )
        .execute();
    }
    return numbered;
  }

  return {
    hasUnnumbered: async () => (await queries.unnumbered(db, { limit: 1 })).length > 0,
    claimDuty: (owner, leaseMs) =>
      commits.run(async (tx) => {
        const now = clock.now();
        const lease = { owner, lease_until: now + leaseMs };
        const rows = await tx
          .insertInto('duties')
          .values({ duty, ...lease })
          .onConflict((conflict) =>
            conflict
              .column('duty')
              .doUpdateSet(lease)
              .where((eb) =>
                eb.or([
                  eb('duties.owner', '=', owner),
                  eb('duties.lease_until', '<=', now),
                  // Taken before the clock was set back: nobody has it for longer than that.
                  eb('duties.lease_until', '>', now + leaseMs),
                ]),
              ),
          )
          .returning('owner')
          .execute();
        return rows.length > 0;
      }),
    releaseDuty: (owner) =>
      commits.run(async (tx) => {
        await tx.deleteFrom('duties').where('duty', '=', duty).where('owner', '=', owner).execute();
      }),
    number: (owner, limit) =>
      commits.run(async (tx) => ((await hasDuty(tx, owner)) ? number(tx, limit) : null)),
    unpublished: (limit, { after = '', except = [] } = {}) =>
      db
        .selectFrom('projects')
        .select(['project', 'published', 'last'])
        .whereRef('published', '<', 'last')
        .where('project', '>', after)
        .where(dialect.isNoneOf('project', dialect.toList(except)))
        .orderBy('project')
        .limit(limit)
        .execute(),
    markPublished: (project, sequence) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('projects')
          .set({ published: sequence })
          .where('project', '=', project)
          .where('published', '<', sequence)
          .execute();
      }),
  };
}

/** Keeps the newest: as many go as came, and as many again while there are too many. Returns how many subjects went. */
async function removeOldest(tx: Tx, project: string, through: number, came: number): Promise<number> {
  if (through <= 0) return 0;
  await tx
    .deleteFrom('project_events')
    .where('entry', 'in', (eb) =>
      eb
        .selectFrom('project_events')
        .select('entry')
        .where('project', '=', project)
        .where('sequence', '<=', through)
        .orderBy('sequence')
        .limit(2 * came),
    )
    .execute();
  const { numDeletedRows } = await tx
    .deleteFrom('project_subjects')
    .where('project', '=', project)
    .where('subject', 'in', (eb) =>
      eb
        .selectFrom('project_subjects')
        .select('subject')
        .where('project', '=', project)
        .where('sequence', '<=', through)
        .orderBy('sequence')
        .limit(2 * came),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
