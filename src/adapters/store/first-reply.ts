/** How open requests end by their first replies: what changes, and what follows, in few statements for many of them. */
import type { SettleOutcome } from '#core/ports/request-store.js';
import type { IncomingReply } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import type { RecordedChange } from './event-entry.js';
import { recordChanges } from './event-entry.js';
import { noteEnded } from './gathering-news.js';
import { queueForwards } from './outbox.js';
import { answerOf, toReplyRow } from './reply-rows.js';
import type { RecordRow } from './rows.js';
import { toRecord, toStoredReply } from './rows.js';
import type { ReplyRow } from './schema.js';

export type Settled = Extract<SettleOutcome, { kind: 'settled' }>;

/** An open request, locked, and the first reply that ends it. */
export interface Ending {
  readonly request: RecordRow;
  readonly reply: IncomingReply;
  /** Whether it shows that the request was sent, although no receipt is stored. */
  readonly provesSend: boolean;
  /** When the receipt came that is not stored yet; default: with the reply at the latest. */
  readonly sentAt?: number | undefined;
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
  const ended = endings.map((ending) => toEnded(context, ending));
  const replies = ended.map(({ reply }) => reply);
  await context.queries.insertReplies(tx, replies);
  const changed = await context.queries.recordFirstReplies(
    tx,
    ended.map(({ row, reply }) => ({ ...row, repliedAt: reply.received_at, sentAt: row.sent_at })),
  );
  if (changed !== ended.length) throw changedMeanwhile(ended.map(({ row }) => row.id).join(', '));
  await noteEnded(
    tx,
    context,
    ended.map(({ row }) => row),
  );
  await recordChanges(
    tx,
    context,
    ended.flatMap(({ changes }) => changes),
  );
  await queueForwards(
    tx,
    context,
    ended.map(({ row, reply }) => ({ request: row, number: reply.number, messageId: reply.message_id })),
  );
  return ended.map(({ row, reply }) => ({
    kind: 'settled',
    record: toRecord(row),
    reply: toStoredReply(row.id, reply),
  }));
}

interface Ended {
  /** As it will be: nobody else can change what is locked. */
  readonly row: RecordRow;
  readonly reply: ReplyRow;
  readonly changes: readonly RecordedChange[];
}

function toEnded(context: StoreContext, { request, reply, provesSend, sentAt, text }: Ending): Ended {
  const kept = toReplyRow(context, request, reply);
  const at = kept.received_at;
  const isUnmarked = request.sent_at === null && provesSend;
  const status = reply.fault === null ? 'replied' : 'faulted';
  const row = {
    ...request,
    ...answerOf(request, reply, at),
    status,
    // By another clock than the reply, where several processes share the store.
    sent_at: isUnmarked ? Math.min(sentAt ?? at, at) : request.sent_at,
    replies: request.replies + 1,
    events: request.events + (isUnmarked ? 2 : 1),
    version: request.version + 1,
  } as const;
  const replied = { row, number: row.events, change: status, at, text } as const;
  const sent = { row, number: row.events - 1, change: 'sent', at: row.sent_at ?? at } as const;
  return { row, reply: kept, changes: isUnmarked ? [sent, replied] : [replied] };
}
