/**
 * How a request ends: by its reply, by cancel, by its deadline. Whatever happens first wins, every transition
 * names the states it may leave, and what follows (forwarding, history) is queued in the same transaction.
 */
import type { RequestStore, SettleOutcome } from '#core/ports/request-store.js';
import { isFinal } from '#core/request.js';
import type { IncomingReply, RequestRecord, StoredReply } from '#core/request.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { recordChange } from './history.js';
import type { Change } from './history.js';
import type { RecordRow } from './rows.js';
import { recordColumns, toBlob, toHeaderBlob, toRecord, toStoredReply } from './rows.js';

const openStates = ['accepted', 'sent'] as const;

export function createSettlement(
  context: StoreContext,
): Pick<RequestStore, 'settle' | 'cancel' | 'expireDue'> {
  const { commits } = context;
  return {
    settle: (reply) => commits.run((tx) => settle(tx, context, reply)),
    cancel: (id) => commits.run((tx) => cancel(tx, context, id)),
    expireDue: (limit) => commits.run((tx) => expireDue(tx, context, limit)),
  };
}

async function settle(tx: Tx, context: StoreContext, reply: IncomingReply): Promise<SettleOutcome> {
  const request = await findFirst(tx, context, reply.correlationIds);
  if (request === undefined) {
    await keepUnmatched(tx, context, reply);
    return { kind: 'unmatched' };
  }
  if (request.replies > 0 && (await isKnownReply(tx, request.seq, reply.replyId))) {
    return { kind: 'repeated', record: toRecord(request) };
  }
  const kind = !isFinal(request.status) ? 'settled' : request.replies === 0 ? 'late' : 'duplicate';
  const stored = await keepReply(tx, context, request, reply);
  const record = await updateRequest(tx, context, request, { kind, reply, at: stored.receivedAt });
  // After a cancel nobody wants it forwarded; after an expiry it follows the Fault that went there.
  const forwards = kind === 'settled' || (kind === 'late' && request.status === 'expired');
  if (forwards && request.reply_to !== null) {
    await queueForward(tx, context, request, { number: stored.number, messageId: stored.messageId });
  }
  return { kind, record, reply: stored };
}

async function findFirst(
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

async function updateRequest(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  outcome: {
    readonly kind: 'settled' | 'late' | 'duplicate';
    readonly reply: IncomingReply;
    readonly at: number;
  },
): Promise<RequestRecord> {
  const { kind, reply, at } = outcome;
  const answer = {
    at,
    verified: verify(request.content_digest, reply.properties.requestDigest),
    fault: reply.fault === null ? null : toBlob(reply.fault),
  };
  const status = reply.fault === null ? 'replied' : 'faulted';
  const row =
    kind === 'settled'
      ? (await context.queries.recordFirstReply(tx, { ...answer, seq: request.seq, status }))[0]
      : await recordFurtherReply(tx, request.seq, kind === 'late' ? answer : null);
  if (row === undefined) throw new Error(`request ${request.id} vanished in its own transaction`);
  const change: Change = kind === 'settled' ? status : kind;
  await recordChange(tx, context, row, { number: row.events, change, at });
  return toRecord(row);
}

/** The request has ended already: a late first reply is shown, a duplicate only counted. */
async function recordFurtherReply(
  tx: Tx,
  seq: number,
  late: { readonly at: number; readonly verified: number | null; readonly fault: Buffer | null } | null,
): Promise<RecordRow | undefined> {
  return tx
    .updateTable('requests')
    .set((eb) => ({
      replies: eb('replies', '+', 1),
      events: eb('events', '+', 1),
      version: eb('version', '+', 1),
      ...(late === null ? {} : { replied_at: late.at, verified: late.verified, fault: late.fault, late: 1 }),
    }))
    .where('seq', '=', seq)
    .returning(recordColumns)
    .executeTakeFirst();
}

/** Whether the service saw the contents that were sent; null when it did not say. */
function verify(sent: string | null, seen: string | undefined): number | null {
  return seen === undefined || sent === null ? null : Number(seen === sent);
}

async function queueForward(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  what: { readonly number: number; readonly messageId: string },
): Promise<void> {
  if (request.reply_to === null) return;
  const now = context.clock.now();
  await tx
    .insertInto('outbox')
    .values({
      request_seq: request.seq,
      reply_number: what.number,
      queue: request.reply_to,
      message_id: what.messageId,
      status: 'waiting',
      attempts: 0,
      next_at: now,
      owner: null,
      last_error: null,
      created_at: now,
      ended_at: null,
    })
    .execute();
}

async function keepUnmatched(tx: Tx, context: StoreContext, reply: IncomingReply): Promise<void> {
  const [correlationId = ''] = reply.correlationIds;
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
    body: reply.body,
  });
}

async function cancel(
  tx: Tx,
  context: StoreContext,
  id: string,
): Promise<{ readonly record: RequestRecord; readonly changed: boolean } | null> {
  const now = context.clock.now();
  const cancelled = await end(tx, context, { id, status: 'cancelled', at: now });
  if (cancelled !== undefined) return { record: toRecord(cancelled), changed: true };
  const row = await tx.selectFrom('requests').select(recordColumns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : { record: toRecord(row), changed: false };
}

async function expireDue(tx: Tx, context: StoreContext, limit: number): Promise<RequestRecord[]> {
  const now = context.clock.now();
  const due = await tx
    .selectFrom('requests')
    .select('id')
    .where('final_at', 'is', null)
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  const expired: RequestRecord[] = [];
  for (const { id } of due) {
    const row = await end(tx, context, { id, status: 'expired', at: now });
    if (row === undefined) continue;
    await queueForward(tx, context, row, { number: 0, messageId: context.newId() });
    expired.push(toRecord(row));
  }
  return expired;
}

/** Ends an open request without a reply; undefined when it is not open. */
async function end(
  tx: Tx,
  context: StoreContext,
  { id, status, at }: { readonly id: string; readonly status: 'cancelled' | 'expired'; readonly at: number },
): Promise<RecordRow | undefined> {
  const row = await tx
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
    .where('status', 'in', openStates)
    .returning(recordColumns)
    .executeTakeFirst();
  if (row !== undefined) {
    await recordChange(tx, context, row, { number: row.events, change: status, at });
  }
  return row;
}
