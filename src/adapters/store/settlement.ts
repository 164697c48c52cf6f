/**
 * How a request ends by its reply, or by the Fault that stands for one. Whatever happens first wins, every transition
 * names the states it may leave, and what follows (forwarding, history) is queued in the same transaction.
 */
import type { FaultBody } from '#core/fault.js';
import type { RequestStore, SettleOptions, SettleOutcome } from '#core/ports/request-store.js';
import { isFinal } from '#core/request.js';
import type { IncomingReply } from '#core/request.js';
import type { Batch } from '#adapters/sql/group-arrangement.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { recordChanges } from './event-entry.js';
import type { Ending, Settled } from './first-reply.js';
import { endAll, endBy } from './first-reply.js';
import { queueForwards } from './outbox.js';
import type { RecordRow } from './rows.js';
import { answerOf, toReplyRow } from './reply-rows.js';
import { recordColumns, toBlob, toRecord, toStoredReply } from './rows.js';

type Further = Extract<SettleOutcome, { kind: 'late' | 'duplicate' }>;

export function createSettlement(context: StoreContext): Pick<RequestStore, 'settle' | 'giveUpSend'> {
  const { commits } = context;
  const settleThem: Batch<Tx, Settling, SettleOutcome> = (tx, some) => settleAll(tx, context, some);
  return {
    settle: (reply, options = {}) =>
      commits.runInBatch(settleThem, { reply, options }, ...reply.correlationIds),
    giveUpSend: (id, fault) => commits.run((tx) => giveUpSend(tx, context, id, fault), id),
  };
}

interface Settling {
  readonly reply: IncomingReply;
  readonly options: SettleOptions;
}

/** Each to another request. First replies of open ones, which nearly all are, are written together; all others one by one. */
async function settleAll(
  tx: Tx,
  context: StoreContext,
  settling: readonly Settling[],
): Promise<SettleOutcome[]> {
  const known = await lockRecords(
    tx,
    context,
    settling.flatMap(({ reply }) => reply.correlationIds),
  );
  const first = new Map<Settling, Ending>();
  for (const one of settling) {
    const request = firstKnown(known, one.reply);
    if (request === undefined || isFinal(request.status) || request.replies > 0) continue;
    // A reply proves that the request was sent, even if its receipt is still under way.
    first.set(one, { request, reply: one.reply, provesSend: true, sentAt: one.options.sentAt });
  }
  const settled = await endAll(tx, context, [...first.values()]);
  const outcomes = new Map<Settling, SettleOutcome>();
  for (const [index, one] of [...first.keys()].entries()) {
    const outcome = settled[index];
    if (outcome !== undefined) outcomes.set(one, outcome);
  }
  for (const one of settling) {
    if (!first.has(one)) outcomes.set(one, await settleOther(tx, context, one, firstKnown(known, one.reply)));
  }
  return settling.map((one) => outcomes.get(one) ?? { kind: 'unmatched' });
}

async function settleOther(
  tx: Tx,
  context: StoreContext,
  { reply, options }: Settling,
  request: RecordRow | undefined,
): Promise<SettleOutcome> {
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
  { reply, mostReplies = Infinity, sentAt }: SettleOptions & { readonly reply: IncomingReply },
): Promise<Exclude<SettleOutcome, { readonly kind: 'unmatched' }>> {
  if (request.replies > 0 && (await isKnownReply(tx, request.seq, reply.replyId))) {
    return { kind: 'repeated', record: toRecord(request) };
  }
  if (!isFinal(request.status)) return endBy(tx, context, { request, reply, provesSend: true, sentAt });
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
  const request = (await lockRecords(tx, context, [id])).get(id);
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
  return endBy(tx, context, { request, reply, provesSend: false, text });
}

/** The request has ended already: a late first reply is shown, a duplicate only counted. */
async function keepFurther(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  reply: IncomingReply,
): Promise<Further> {
  const kind = request.replies === 0 ? 'late' : 'duplicate';
  const kept = toReplyRow(context, request, reply);
  await context.queries.insertReplies(tx, [kept]);
  const stored = toStoredReply(request.id, kept);
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
  await recordChanges(tx, context, [{ row, number: row.events, change: kind, at }]);
  // After a cancel nobody wants it forwarded; after an expiry it follows the Fault that went there.
  if (kind === 'late' && request.status === 'expired')
    await queueForwards(tx, context, [{ request: row, ...stored }]);
  return { kind, record: toRecord(row), reply: stored };
}

/** By their ids; those that are not known are left out, and those that went to no queue: no reply is theirs. */
export async function lockRecords(
  tx: Tx,
  { queries, dialect }: StoreContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RecordRow>> {
  const rows = await queries.lockRecords(tx, { ids: dialect.toList(ids) });
  return new Map(rows.flatMap((row) => (row.children === 0 ? [[row.id, row]] : [])));
}

function firstKnown(
  known: ReadonlyMap<string, RecordRow>,
  { correlationIds }: IncomingReply,
): RecordRow | undefined {
  const id = correlationIds.find((candidate) => known.has(candidate));
  return id === undefined ? undefined : known.get(id);
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
