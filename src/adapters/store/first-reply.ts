/** How open requests end by their first replies: what changes, and what follows, in few statements for many of them. */
import type { SettleOutcome } from '#core/ports/request-store.js';
import type { IncomingReply } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import { recordChanges } from './event-entry.js';
import { queueForwards } from './outbox.js';
import { answerOf, toReplyRow } from './reply-rows.js';
import type { RecordRow } from './rows.js';
import { toRecord, toStoredReply } from './rows.js';

export type Settled = Extract<SettleOutcome, { kind: 'settled' }>;

/** An open request, locked, and the first reply that ends it. */
export interface Ending {
  readonly request: RecordRow;
  readonly reply: IncomingReply;
  readonly provesSend: boolean;
  readonly text?: string;
}

export async function endBy(tx: Tx, context: StoreContext, ending: Ending): Promise<Settled> {
  const [settled] = await endAll(tx, context, [ending]);
  if (settled === undefined) throw changedMeanwhile(ending.request.id);
  return settled;
}

/** In the order of `endings`, each of another request. */
export async function endAll(tx: Tx, context: StoreContext, endings: readonly Ending[]): Promise<Settled[]> {
  if (endings.length === 0) return [];
  const replies = endings.map(({ request, reply }) => toReplyRow(context, request, reply));
  await context.queries.insertReplies(tx, replies);
  const ended = await context.queries.recordFirstReplies(
    tx,
    endings.map(({ request, reply, provesSend }, index) => {
      const at = replies[index]?.received_at ?? 0;
      const { verified, fault } = answerOf(request, reply, at);
      const status = reply.fault === null ? 'replied' : 'faulted';
      return { seq: request.seq, status, repliedAt: at, verified, fault, sentAt: provesSend ? at : null };
    }),
  );
  const rows = new Map(ended.map((row) => [row.seq, row]));
  const settled = endings.map(({ request, text }, index) => {
    const row = rows.get(request.seq);
    const reply = replies[index];
    if (row === undefined || reply === undefined) throw changedMeanwhile(request.id);
    return { row, reply, text };
  });
  await recordChanges(
    tx,
    context,
    settled.map(({ row, reply, text }) => ({
      ...{ row, number: row.events, at: reply.received_at, text },
      change: row.status === 'faulted' ? 'faulted' : 'replied',
    })),
  );
  await queueForwards(
    tx,
    context,
    settled.map(({ row, reply }) => ({ request: row, number: reply.number, messageId: reply.message_id })),
  );
  return settled.map(({ row, reply }) => ({
    kind: 'settled',
    record: toRecord(row),
    reply: toStoredReply(row.id, reply),
  }));
}
