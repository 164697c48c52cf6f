import { sql } from 'kysely';
import type { RequestStore, SendClaim } from '#core/ports/request-store.js';
import type { RequestRecord, StoredRequest } from '#core/request.js';
import type { Batch } from '#adapters/sql/group-arrangement.js';
import { takeTogether } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { recordChanges } from './event-entry.js';
import type { NewIncident } from './incidents.js';
import { noteIncidents } from './incidents.js';
import { toRecord, toStoredRequest } from './rows.js';

/** The send lease: who sends a request now, and what is known about earlier sends. */
export function createSending(
  context: StoreContext,
): Pick<RequestStore, 'markSent' | 'releaseSend' | 'renewSend' | 'claimUnsent'> {
  const { commits, clock, dialect } = context;
  const markThemSent: Batch<Tx, SentMark, RequestRecord | null> = (tx, some) =>
    markAllSent(tx, context, some);
  return {
    markSent: (id, at) => commits.runInBatch(markThemSent, { id, at }, id),

    releaseSend: (id, owner, written, error) =>
      commits.run(async (tx) => {
        const row = await tx
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
          .returning('seq')
          .executeTakeFirst();
        if (row === undefined || !written) return;
        const detail = error === undefined ? {} : { error };
        await noteIncidents(tx, context, [{ seq: row.seq, kind: 'send-failed', instance: owner, detail }]);
      }, id),

    renewSend: (ids, owner, leaseMs) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('requests')
          .set({ send_lease_until: clock.now() + leaseMs })
          .where(dialect.isOneOf('id', dialect.toList(ids)))
          .where('send_owner', '=', owner)
          // In an expression, or SQLite reads all that wait by the index of their state to find these.
          .where(sql`coalesce(${sql.ref('status')}, '')`, '=', 'accepted')
          .execute();
      }),

    claimUnsent: (claim) => commits.run((tx) => claimUnsent(tx, context, claim)),
  };
}

async function claimUnsent(
  tx: Tx,
  context: StoreContext,
  { owner, leaseMs, limit, enoughBytes, queue, exceptQueues = [] }: SendClaim,
): Promise<StoredRequest[]> {
  const { clock, dialect } = context;
  const now = clock.now();
  let query = tx
    .selectFrom('requests')
    .select('seq')
    .where('status', '=', 'accepted')
    .where('send_lease_until', '<=', now)
    .orderBy('seq')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  if (queue !== undefined) query = query.where('queue', '=', queue);
  if (exceptQueues.length > 0) query = query.where(dialect.isNoneOf('queue', dialect.toList(exceptQueues)));
  const found = await query.execute();
  const seqs = found.map(({ seq }) => seq);
  const again: NewIncident[] = [];
  const rows = await takeTogether(seqs, {
    enoughBytes,
    look: (some) =>
      tx
        .selectFrom('requests')
        .select((eb) => ['seq as key', 'send_owner as owner', eb.fn<number>('length', ['body']).as('bytes')])
        .where(dialect.isOneOf('seq', dialect.toList(some)))
        .execute(),
    take: async (seq, before) => {
      const row = await tx
        .updateTable('requests')
        .set((eb) => ({
          send_owner: owner,
          send_lease_until: now + leaseMs,
          attempts: eb('attempts', '+', 1),
          // Somebody had it before: the message may be on the broker already.
          resend: sql<number>`CASE WHEN send_owner IS NULL THEN resend ELSE resend + 1 END`,
          version: eb('version', '+', 1),
        }))
        .where('seq', '=', seq)
        .where('status', '=', 'accepted')
        .where('send_lease_until', '<=', now)
        .returningAll()
        .executeTakeFirst();
      if (row !== undefined && before !== null) {
        again.push({ seq, kind: 'sent-again', instance: owner, detail: { before, count: row.resend } });
      }
      return row;
    },
  });
  await noteIncidents(tx, context, again);
  return rows.map(toStoredRequest);
}

interface SentMark {
  readonly id: string;
  /** Default: now. */
  readonly at: number | undefined;
}

/** In the order of `marks`; null for what is not waiting for a receipt. */
async function markAllSent(
  tx: Tx,
  context: StoreContext,
  marks: readonly SentMark[],
): Promise<(RequestRecord | null)[]> {
  const now = context.clock.now();
  const rows = await context.queries.markSent(
    tx,
    marks.map(({ id, at = now }) => ({ id, at })),
  );
  await recordChanges(
    tx,
    context,
    rows.map((row) => ({
      row,
      number: row.events,
      change: row.one_way === 1 ? 'completed' : 'sent',
      at: row.sent_at ?? now,
    })),
  );
  const records = new Map(rows.map((row) => [row.id, toRecord(row)]));
  return marks.map(({ id }) => records.get(id) ?? null);
}
