/**
 * How a request ends by its reply, or by the Fault that stands for one. Whatever happens first wins, every transition
 * names the states it may leave, and what follows (forwarding, history) is queued in the same transaction.
 */
import type { FaultBody } from '#core/fault.js';
import type { RequestStore, SettleOptions, SettleOutcome } from '#core/ports/request-store.js';
import { isFinal } from '#core/request.js';
import type { IncomingReply, StoredReply } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { recordChange } from './event-entry.js';
import { queueForward } from './outbox.js';
import type { RecordRow } from './rows.js';
import { recordColumns, toBlob, toHeaderBlob, toRecord, toStoredReply } from './rows.js';

type Settled = Extract<SettleOutcome, { kind: 'settled' }>;
type Further = Extract<SettleOutcome, { kind: 'late' | 'duplicate' }>;

export function createSettlement(context: StoreContext): Pick<RequestStore, 'settle' | 'giveUpSend'> {
  const { commits } = context;
  return {
    settle: (reply, options) => commits.run((tx) => settle(tx, context, reply, options)),
    giveUpSend: (id, fault) => commits.run((tx) => giveUpSend(tx, context, id, fault)),
  };
}

async function settle(
  tx: Tx,
  context: StoreContext,
  reply: IncomingReply,
  options: SettleOptions = {},
): Promise<SettleOutcome> {
  const request = await findFirst(tx, context, reply.correlationIds);
  if (request === undefined) {
    await keepUnmatched(tx, context, reply);
    return { kind: 'unmatched' };
  }
  return settleRequest(tx, context, request, { ...options, reply });
}

/** What a reply does to the request that it is for. */
export async function settleRequest(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  { reply, mostReplies = Infinity }: SettleOptions & { readonly reply: IncomingReply },
): Promise<Exclude<SettleOutcome, { readonly kind: 'unmatched' }>> {
  if (request.replies > 0 && (await isKnownReply(tx, request.seq, reply.replyId))) {
    return { kind: 'repeated', record: toRecord(request) };
  }
  // A reply proves that the request was sent, even if its receipt is still under way.
  if (!isFinal(request.status)) return endBy(tx, context, request, { reply, provesSend: true });
  if (request.replies > 0 && request.replies >= mostReplies)
    return { kind: 'full', record: toRecord(request) };
  return keepFurther(tx, context, request, reply);
}

async function giveUpSend(
  tx: Tx,
  context: StoreContext,
  id: string,
  fault: FaultBody,
): Promise<Settled | null> {
  const request = await findFirst(tx, context, [id]);
  if (request === undefined || isFinal(request.status)) return null;
  const reply = {
    correlationIds: [id],
    replyId: `send-refused ${id}`,
    messageId: null,
    time: context.clock.now(),
    contentType: 'application/json',
    body: toBlob(fault),
    properties: { fault: true },
    applicationHeaders: {},
    fault,
  };
  const text = 'given up: it could not be sent';
  return endBy(tx, context, request, { reply, provesSend: false, text });
}

/** Ends an open request by its first reply. */
async function endBy(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  end: { readonly reply: IncomingReply; readonly provesSend: boolean; readonly text?: string },
): Promise<Settled> {
  const { reply, provesSend, text } = end;
  const stored = await keepReply(tx, context, request, reply);
  const at = stored.receivedAt;
  const status = reply.fault === null ? 'replied' : 'faulted';
  const [row] = await context.queries.recordFirstReply(tx, {
    ...answerOf(request, reply, at),
    seq: request.seq,
    status,
    sentAt: provesSend ? at : null,
  });
  if (row === undefined) throw changedMeanwhile(request.id);
  await recordChange(tx, context, row, { number: row.events, change: status, at, text });
  await queueForward(tx, context, row, stored);
  return { kind: 'settled', record: toRecord(row), reply: stored };
}

/** The request has ended already: a late first reply is shown, a duplicate only counted. */
async function keepFurther(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  reply: IncomingReply,
): Promise<Further> {
  const kind = request.replies === 0 ? 'late' : 'duplicate';
  const stored = await keepReply(tx, context, request, reply);
  const at = stored.receivedAt;
  const row = await tx
    .updateTable('requests')
    .set((eb) => ({
      replies: eb('replies', '+', 1),
      events: eb('events', '+', 1),
      version: eb('version', '+', 1),
      ...(kind === 'late' ? { ...answerOf(request, reply, at), late: 1 } : {}),
    }))
    .where('seq', '=', request.seq)
    .where('status', '=', request.status)
    .where('replies', '=', request.replies)
    .returning(recordColumns)
    .executeTakeFirst();
  if (row === undefined) throw changedMeanwhile(request.id);
  await recordChange(tx, context, row, { number: row.events, change: kind, at });
  // After a cancel nobody wants it forwarded; after an expiry it follows the Fault that went there.
  if (kind === 'late' && request.status === 'expired') await queueForward(tx, context, row, stored);
  return { kind, record: toRecord(row), reply: stored };
}

/** What the request shows of its answer. */
function answerOf(
  request: RecordRow,
  reply: IncomingReply,
  at: number,
): Pick<RecordRow, 'replied_at' | 'verified' | 'fault'> {
  return {
    replied_at: at,
    verified: verify(request.content_digest, reply.properties.requestDigest),
    fault: reply.fault === null ? null : toBlob(reply.fault),
  };
}

/** Whether the service saw the contents that were sent; null when it did not say. */
function verify(sent: string | null, seen: string | undefined): number | null {
  return seen === undefined || sent === null ? null : Number(seen === sent);
}

export async function findFirst(
  tx: Tx,
  { queries }: StoreContext,
  ids: readonly string[],
): Promise<RecordRow | undefined> {
  for (const id of ids) {
    const [row] = await queries.findRecord(tx, { id });
    if (row !== undefined) return row;
  }
  return undefined;
}

async function isKnownReply(tx: Tx, seq: number, replyId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('replies')
    .select('number')
    .where('request_seq', '=', seq)
    .where('reply_id', '=', replyId)
    .executeTakeFirst();
  return row !== undefined;
}

async function keepReply(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  reply: IncomingReply,
): Promise<StoredReply> {
  const row = {
    request_seq: request.seq,
    number: request.replies + 1,
    reply_id: reply.replyId,
    message_id: reply.messageId ?? context.newId(),
    time: reply.time,
    headers: toHeaderBlob(reply),
    body: Buffer.from(reply.body.buffer, reply.body.byteOffset, reply.body.byteLength),
    fault: reply.fault === null ? null : toBlob(reply.fault),
    late: Number(['expired', 'cancelled', 'completed'].includes(request.status)),
    received_at: context.clock.now(),
  };
  await context.queries.insertReply(tx, row);
  return toStoredReply(request.id, row);
}

async function keepUnmatched(tx: Tx, context: StoreContext, reply: IncomingReply): Promise<void> {
  const [correlationId = ''] = reply.correlationIds;
  const { body, ...block } = reply;
  await keepDeadLetter(tx, context, {
    id: `unmatched ${correlationId} ${reply.replyId}`,
    kind: 'unmatched-reply',
    reason: `no request with the id ${reply.correlationIds.join(' or ')} is kept here`,
    queue: '',
    headers: {
      'correlation-id': correlationId,
      ...(reply.messageId === null ? {} : { 'Message-ID': reply.messageId }),
      ...(reply.contentType === null ? {} : { 'content-type': reply.contentType }),
      ...reply.applicationHeaders,
    },
    body,
    reply: block,
  });
}
