import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { recordChange } from './history.js';
import { toRecord, toStoredRequest } from './rows.js';

/** The send lease: who sends a request now, and what is known about earlier sends. */
export function createSending(
  context: StoreContext,
): Pick<RequestStore, 'markSent' | 'releaseSend' | 'renewSend' | 'claimUnsent'> {
  const { commits, clock } = context;
  return {
    markSent: (id) => commits.run((tx) => markSent(tx, context, id)),

    releaseSend: (id, owner, written) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('requests')
          .set((eb) =>
            // An owner without a lease tells the next one that the message may be on the broker already.
            written
              ? { send_lease_until: 0 }
              : {
                  send_lease_until: 0,
                  send_owner: null,
                  attempts: eb('attempts', '-', 1),
                  version: eb('version', '+', 1),
                },
          )
          .where('id', '=', id)
          .where('send_owner', '=', owner)
          .where('status', '=', 'accepted')
          .execute();
      }),

    renewSend: (ids, owner, leaseMs) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('requests')
          .set({ send_lease_until: clock.now() + leaseMs })
          .where('id', 'in', ids)
          .where('send_owner', '=', owner)
          .where('status', '=', 'accepted')
          .execute();
      }),

    claimUnsent: ({ owner, leaseMs, limit, queue, exceptQueues = [] }) =>
      commits.run(async (tx) => {
        const now = clock.now();
        let query = tx
          .selectFrom('requests')
          .selectAll()
          .where('status', '=', 'accepted')
          .where('send_lease_until', '<=', now)
          .orderBy('seq')
          .limit(limit);
        if (queue !== undefined) query = query.where('queue', '=', queue);
        if (exceptQueues.length > 0) query = query.where('queue', 'not in', exceptQueues);
        const rows = await query.execute();
        const claimed = [];
        for (const row of rows) {
          const change = {
            send_owner: owner,
            send_lease_until: now + leaseMs,
            attempts: row.attempts + 1,
            resend: row.send_owner === null ? row.resend : row.resend + 1,
            version: row.version + 1,
          };
          const { numUpdatedRows } = await tx
            .updateTable('requests')
            .set(change)
            .where('seq', '=', row.seq)
            .where('status', '=', 'accepted')
            .where('send_lease_until', '<=', now)
            .where('version', '=', row.version)
            .executeTakeFirstOrThrow();
          if (numUpdatedRows > 0) claimed.push(toStoredRequest({ ...row, ...change }));
        }
        return claimed;
      }),
  };
}

async function markSent(tx: Tx, context: StoreContext, id: string): Promise<RequestRecord | null> {
  const now = context.clock.now();
  const [row] = await context.queries.markSent(tx, { id, now });
  if (row === undefined) return null;
  await recordChange(tx, context, row, {
    number: row.events,
    change: row.one_way === 1 ? 'completed' : 'sent',
    at: now,
  });
  return toRecord(row);
}
