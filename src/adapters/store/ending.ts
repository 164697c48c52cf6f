import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
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
  const cancelled = await end(tx, context, { id, status: 'cancelled', at: now, postedBy: name });
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
  const expired: RequestRecord[] = [];
  for (const { id } of due) {
    const record = await expire(tx, context, id, now);
    if (record !== null) expired.push(record);
  }
  return expired;
}

/** With the Fault for its Reply-To; null when it is not open. */
export async function expire(
  tx: Tx,
  context: StoreContext,
  id: string,
  at: number,
): Promise<RequestRecord | null> {
  const row = await end(tx, context, { id, status: 'expired', at });
  if (row === undefined) return null;
  await queueForwards(tx, context, [{ request: row, number: 0, messageId: context.newId() }]);
  return toRecord(row);
}

interface Ending {
  readonly id: string;
  readonly status: 'cancelled' | 'expired';
  readonly at: number;
  /** Only when this name posted it; null = whoever did. */
  readonly postedBy?: string | null;
}

/** Ends an open request without a reply; undefined when it is not open. */
async function end(
  tx: Tx,
  context: StoreContext,
  { id, status, at, postedBy = null }: Ending,
): Promise<RecordRow | undefined> {
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
    .where('id', '=', id)
    .where('status', 'in', openStates);
  if (postedBy !== null) update = update.where('posted_by', '=', postedBy);
  const row = await update.returning(recordColumns).executeTakeFirst();
  if (row !== undefined) {
    await recordChanges(tx, context, [{ row, number: row.events, change: status, at }]);
    await noteEnded(tx, context, [row]);
  }
  return row;
}
