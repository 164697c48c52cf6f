import type { RequestStore } from '#core/ports/request-store.js';
import type { StoreContext, Tx } from './context.js';
import { removeFamilies } from './family-retention.js';
import { forgetIncidents } from './incidents.js';

/** How long it is known how a lease ended, for a holder that asks again because it did not get the answer. */
const leaseMemoryMs = 3_600_000;

/**
 * Removes what nobody asks for any more, in small batches: ended requests with all that belongs to them once
 * nothing of them waits in the outbox, unmatched replies, the memory of idempotent receivers, and after an hour that
 * of ended leases. Dead letters
 * and invalid messages stay until a person decides.
 */
export function createRetention(context: StoreContext, finalMs: number): Pick<RequestStore, 'sweep'> {
  const { apart, clock } = context;
  return {
    sweep: (limit) =>
      // What it takes is of no interest to anybody else: nobody has to wait for it.
      apart(async (tx) => {
        const before = clock.now() - finalMs;
        let removed = await removeFamilies(tx, context, before, limit);
        const left = (): number => Math.max(0, limit - removed);
        removed += await removeEnded(tx, context, before, left());
        for (const remove of [removeUnmatched, removeHandled]) removed += await remove(tx, before, left());
        return removed + (await removeLeases(tx, clock.now() - leaseMemoryMs, left()));
      }),
  };
}

async function removeEnded(tx: Tx, context: StoreContext, before: number, limit: number): Promise<number> {
  const ended = await tx
    .deleteFrom('requests')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('requests')
        .select('seq')
        .where('final_at', '<=', before)
        .where('children', '=', 0)
        .where('parent_id', 'is', null)
        .where((row) =>
          row.not(
            row.exists(
              row
                .selectFrom('outbox')
                .select('outbox.id')
                .whereRef('outbox.request_seq', '=', 'requests.seq')
                .where('outbox.status', '=', 'waiting'),
            ),
          ),
        )
        .orderBy('final_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning('seq')
    .execute();
  await forgetIncidents(tx, context, ended);
  return ended.length;
}

async function removeLeases(tx: Tx, before: number, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('leases')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('leases')
        .select('id')
        .where('ended_at', '<=', before)
        .orderBy('ended_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function removeUnmatched(tx: Tx, before: number, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('dead_letters')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('dead_letters')
        .select('seq')
        .where('kind', '=', 'unmatched-reply')
        .where('received_at', '<=', before)
        .orderBy('received_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function removeHandled(tx: Tx, before: number, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('handled')
    .where((row) =>
      row(
        row.refTuple('queue', 'message_id'),
        'in',
        row
          .selectFrom('handled')
          .select(['queue', 'message_id'])
          .where('updated_at', '<=', before)
          .orderBy('updated_at')
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .$asTuple('queue', 'message_id'),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
