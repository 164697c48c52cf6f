import { sql } from 'kysely';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord, RequestState } from '#core/request.js';
import { isVisibleTo } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { recordChanges } from './event-entry.js';
import { noteEnded, noteNews } from './gathering-news.js';
import { queueForwards } from './outbox.js';
import { openStates } from './queries.js';
import type { RecordRow } from './rows.js';
import { recordColumns, toRecord } from './rows.js';

/** How a request ends without a reply: by cancel, by its deadline. */
export function createEnding(context: StoreContext): Pick<RequestStore, 'cancel' | 'expireDue'> {
  const { commits } = context;
  return {
    cancel: (id, name = null) => commits.run((tx) => cancel(tx, context, id, name), id),
    expireDue: (limit) => commits.run((tx) => expireDue(tx, context, limit)),
  };
}

async function cancel(
  tx: Tx,
  context: StoreContext,
  id: string,
  name: string | null,
): Promise<{ readonly record: RequestRecord; readonly changed: boolean } | null> {
  const now = context.clock.now();
  const [cancelled] = await end(tx, context, { ids: [id], status: 'cancelled', at: now, postedBy: name });
  if (cancelled !== undefined) {
    // Whoever gathers replies cancels the children.
    if (cancelled.children > 0) await noteNews(tx, context, [id]);
    return { record: toRecord(cancelled), changed: true };
  }
  const row = await tx.selectFrom('requests').select(recordColumns).where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  const record = toRecord(row);
  return isVisibleTo(name, record) ? { record, changed: false } : null;
}

/** All of them by a few statements: nobody else is served meanwhile. */
async function expireDue(tx: Tx, context: StoreContext, limit: number): Promise<RequestRecord[]> {
  const now = context.clock.now();
  const due = await tx
    .selectFrom('requests')
    .select('id')
    .where('final_at', 'is', null)
    .where('expires_at', '<=', now)
    // Whether those expire is for who gathers their replies.
    .where('children', '=', 0)
    .orderBy('expires_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  return expire(
    tx,
    context,
    due.map(({ id }) => id),
    now,
  );
}

/** Those that are open, with the Faults for their Reply-To queues. */
export async function expire(
  tx: Tx,
  context: StoreContext,
  ids: readonly string[],
  at: number,
): Promise<RequestRecord[]> {
  if (ids.length === 0) return [];
  const rows = await end(tx, context, { ids, status: 'expired', at });
  await queueForwards(
    tx,
    context,
    rows.map((request) => ({ request, number: 0, messageId: context.newId() })),
  );
  return rows.map(toRecord);
}

interface Ending {
  readonly ids: readonly string[];
  readonly status: 'cancelled' | 'expired';
  readonly at: number;
  /** Only when this name posted it; null = whoever did. */
  readonly postedBy?: string | null;
}

/** Ends open requests without a reply; gives those that were open. */
async function end(
  tx: Tx,
  context: StoreContext,
  { ids, status, at, postedBy = null }: Ending,
): Promise<RecordRow[]> {
  const { dialect } = context;
  let update = tx
    .updateTable('requests')
    .set((eb) => ({
      status,
      final_at: at,
      send_owner: null,
      send_lease_until: 0,
      events: eb('events', '+', 1),
      version: eb('version', '+', 1),
    }))
    .where(dialect.isOneOf('id', dialect.toList(ids)))
    // In an expression, or SQLite reads all open requests by the index of their state to find these.
    .where(sql<RequestState>`coalesce(${sql.ref('status')}, '')`, 'in', openStates);
  if (postedBy !== null) update = update.where('posted_by', '=', postedBy);
  const rows = await update.returning(recordColumns).execute();
  const changes = rows.map((row) => ({ row, number: row.events, change: status, at }));
  if (changes.length > 0) await recordChanges(tx, context, changes);
  await noteEnded(tx, context, rows);
  return rows;
}
