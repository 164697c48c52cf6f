import { sql } from 'kysely';
import type { StoreContext, Tx } from './context.js';
import { forgetIncidents } from './incidents.js';

/**
 * Removes requests to several queues with their children: all of a family at once, when the last of them has been over
 * for long enough and nothing of them waits in the outbox. Returns how many requests: more than `limit` only of a single
 * family, and `limit` when more may wait.
 */
export async function removeFamilies(
  tx: Tx,
  context: StoreContext,
  before: number,
  limit: number,
): Promise<number> {
  const parents = await tx
    .selectFrom('requests')
    .select(['id', 'children'])
    // In these words, which are those of its index.
    .where(sql<boolean>`children > 0`)
    .where('final_at', '<=', before)
    .where((build) =>
      build.not(
        build.exists(
          build
            .selectFrom('requests as child')
            .select('child.seq')
            .whereRef('child.parent_id', '=', 'requests.id')
            .where((eb) => eb.or([eb('child.final_at', 'is', null), eb('child.final_at', '>', before)])),
        ),
      ),
    )
    .where((build) =>
      build.not(
        build.exists(
          build
            .selectFrom('outbox')
            .innerJoin('requests as member', 'member.seq', 'outbox.request_seq')
            .select('outbox.id')
            .where('outbox.status', '=', 'waiting')
            .where((eb) =>
              eb.or([
                eb('member.id', '=', eb.ref('requests.id')),
                eb('member.parent_id', '=', eb.ref('requests.id')),
              ]),
            ),
        ),
      ),
    )
    .orderBy('final_at')
    .limit(limit)
    .forUpdate('requests')
    .skipLocked()
    .execute();
  let removed = 0;
  for (const { id, children } of parents) {
    // One may be larger than all that is asked for.
    if (removed > 0 && removed + children + 1 > limit) return limit;
    const members = await tx
      .deleteFrom('requests')
      .where((eb) => eb.or([eb('id', '=', id), eb('parent_id', '=', id)]))
      .returning('seq')
      .execute();
    await forgetIncidents(tx, context, members);
    await tx.deleteFrom('gatherings').where('id', '=', id).execute();
    await tx.deleteFrom('gathering_news').where('parent_id', '=', id).execute();
    removed += children + 1;
  }
  return removed;
}
