import type { Kysely } from 'kysely';
import type {
  DeliverOutcome,
  DeliveryRecord,
  DeliveryState,
  Outbox,
  WantedDelivery,
} from '#core/ports/outbox.js';
import { isFinal } from '#core/request.js';
import type { RequestState } from '#core/request.js';
import { changedMeanwhile } from './context.js';
import type { StoreContext, Tx } from './context.js';
import { queueDelivery, queuePending } from './outbox.js';
import type { RecordRow } from './rows.js';
import type { OutboxRow, Tables } from './schema.js';

/** The deliveries of a request as people see them, and those that they add. */
export function createDeliveries(context: StoreContext): Pick<Outbox, 'deliveriesOf' | 'deliver'> {
  const { db, commits, queries } = context;
  return {
    async deliveriesOf(requestId) {
      const [request] = await queries.findRecord(db, { id: requestId });
      if (request === undefined) return null;
      return (await deliveriesOf(db, request)).map(({ delivery }) => delivery);
    },
    deliver: (wanted) => commits.run((tx) => deliver(tx, context, wanted), wanted.requestId),
  };
}

/** In the order in which they were queued, that to the Reply-To of the request first; it has no row before there is a reply. */
export async function deliveriesOf(
  db: Kysely<Tables>,
  request: RecordRow,
): Promise<{ readonly delivery: DeliveryRecord; readonly row?: OutboxRow }[]> {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('request_seq', '=', request.seq)
    .orderBy('id')
    .execute();
  const deliveries = rows.map((row) => ({ delivery: toDeliveryRecord(row, request.status), row }));
  return expectsFirst(request) ? [{ delivery: toOwn(request) }, ...deliveries] : deliveries;
}

type OwnDelivery = Pick<RecordRow, 'reply_to' | 'created_at' | 'status'>;

/** Its own Reply-To gets a row with the reply, or with the Fault that stands for one. */
function expectsFirst(request: RecordRow): request is RecordRow & { readonly reply_to: string } {
  return request.reply_to !== null && !isFinal(request.status);
}

function toOwn({
  reply_to: queue,
  created_at: createdAt,
}: OwnDelivery & { reply_to: string }): DeliveryRecord {
  return {
    ...{ id: null, queue, state: 'pending', replyNumber: null },
    ...{ attempts: 0, lastError: null, createdAt, endedAt: null },
  };
}

function toDeliveryRecord(row: OutboxRow, request: RequestState): DeliveryRecord {
  const isPending = row.status === 'pending';
  const state: DeliveryState = isPending && request === 'cancelled' ? 'cancelled' : row.status;
  return {
    id: row.id,
    queue: row.queue,
    state,
    replyNumber: isPending ? null : row.reply_number,
    attempts: row.attempts,
    lastError: row.last_error === null ? null : row.last_error.toString('utf8'),
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}

async function deliver(tx: Tx, context: StoreContext, wanted: WantedDelivery): Promise<DeliverOutcome> {
  const { requestId, queue, replyNumber } = wanted;
  const [request] = await context.queries.lockRecords(tx, { ids: context.dialect.toList([requestId]) });
  if (request === undefined) return { kind: 'unknown' };
  const rows = await tx.selectFrom('outbox').selectAll().where('request_seq', '=', request.seq).execute();
  const hasReply = replyNumber <= request.replies;
  const same = rows.find(
    (row) =>
      row.queue === queue &&
      (hasReply
        ? row.status === 'waiting' && row.reply_number === replyNumber
        : row.status === 'pending' || isOwnFault(row, request)),
  );
  if (same !== undefined) return { kind: 'known', delivery: toDeliveryRecord(same, request.status) };
  if (!hasReply && replyNumber > 1) return { kind: 'no-such-reply', replies: request.replies };
  if (!hasReply) {
    const isCancelled = request.status === 'cancelled';
    if (isCancelled || request.one_way === 1) return { kind: 'none-to-come', isCancelled };
    if (request.reply_to === queue && expectsFirst(request)) {
      return { kind: 'known', delivery: toOwn(request) };
    }
  }
  if (rows.length >= wanted.most) return { kind: 'full' };
  const added = hasReply
    ? await queueReply(tx, context, request, wanted)
    : await queueComing(tx, context, request, queue);
  return { kind: 'added', delivery: toDeliveryRecord(added, request.status) };
}

/** What goes to the Reply-To of a request that has expired; a late reply follows it. */
function isOwnFault(row: OutboxRow, { reply_to: replyTo }: RecordRow): boolean {
  return row.status === 'waiting' && row.reply_number === 0 && row.queue === replyTo;
}

async function queueReply(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  { queue, replyNumber: number }: WantedDelivery,
): Promise<OutboxRow> {
  const { message_id: messageId } = await tx
    .selectFrom('replies')
    .select('message_id')
    .where('request_seq', '=', request.seq)
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  return queueDelivery(tx, context, request, { number, messageId, queue });
}

/** The reply, or the Fault and the reply that is late: whatever the Reply-To of the request would get from now on. */
async function queueComing(
  tx: Tx,
  context: StoreContext,
  request: RecordRow,
  queue: string,
): Promise<OutboxRow> {
  // An expired request has told its Reply-To already.
  const fault =
    request.status === 'expired'
      ? await queueDelivery(tx, context, request, { number: 0, messageId: context.newId(), queue })
      : undefined;
  // Which gets a late reply anyway.
  if (fault !== undefined && request.reply_to === queue) return fault;
  const counted = await tx
    .updateTable('requests')
    .set((eb) => ({ awaiting: eb('awaiting', '+', 1) }))
    .where('seq', '=', request.seq)
    .where('status', '=', request.status)
    .where('replies', '=', request.replies)
    .where('awaiting', '=', request.awaiting)
    .returning('seq')
    .executeTakeFirst();
  // A reply that came meanwhile would never go there.
  if (counted === undefined) throw changedMeanwhile(request.id);
  const pending = await queuePending(tx, context, request, queue);
  return fault ?? pending;
}
