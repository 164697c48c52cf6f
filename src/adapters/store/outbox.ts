/** What is queued for Reply-To queues and for those that wait for a reply besides; delivering.ts delivers it. */
import type { Insertable } from 'kysely';
import type { StoreContext, Tx } from './context.js';
import type { RecordRow } from './rows.js';
import type { OutboxRow, OutboxTable } from './schema.js';

export interface Forward {
  readonly request: Pick<RecordRow, 'seq' | 'reply_to' | 'awaiting'>;
  /** Of the reply; 0 = the Fault of an expired request. */
  readonly number: number;
  readonly messageId: string;
}

/**
 * What goes to the Reply-To queues of requests, and to the further queues that wait for their replies, in the transaction that
 * settles them; nothing for those without one.
 */
export async function queueForwards(
  tx: Tx,
  context: StoreContext,
  forwards: readonly Forward[],
): Promise<void> {
  const rows = forwards.flatMap(({ request, number, messageId }) =>
    request.reply_to === null
      ? []
      : [toOutboxRow(context, request, { number, messageId, queue: request.reply_to, status: 'waiting' })],
  );
  if (rows.length > 0) await tx.insertInto('outbox').values(rows).execute();
  for (const { request, ...what } of forwards) {
    if (request.awaiting > 0) await queueFurther(tx, context, request, what);
  }
}

/** `number` 0: the Fault of an expired request. */
type ForwardedReply = Pick<Forward, 'number' | 'messageId'>;

async function queueFurther(
  tx: Tx,
  context: StoreContext,
  request: Pick<RecordRow, 'seq'>,
  { number, messageId }: ForwardedReply,
): Promise<void> {
  const queued = await tx
    .updateTable('outbox')
    .set({ status: 'waiting', reply_number: number, message_id: messageId, next_at: context.clock.now() })
    .where('request_seq', '=', request.seq)
    .where('status', '=', 'pending')
    .returning('queue')
    .execute();
  // A late reply follows the Fault.
  if (number > 0) return;
  for (const row of queued) await queuePending(tx, context, request, row.queue);
}

/** Lets a queue wait for the reply of a request; counted in its `awaiting`. */
export function queuePending(
  tx: Tx,
  context: StoreContext,
  request: Pick<RecordRow, 'seq'>,
  name: string,
): Promise<OutboxRow> {
  return insertDelivery(tx, context, request, {
    ...{ number: 0, messageId: '', queue: name, status: 'pending' },
  });
}

export function queueDelivery(
  tx: Tx,
  context: StoreContext,
  request: Pick<RecordRow, 'seq'>,
  what: ForwardedReply & { readonly queue: string },
): Promise<OutboxRow> {
  return insertDelivery(tx, context, request, { ...what, status: 'waiting' });
}

type NewDelivery = ForwardedReply & Pick<OutboxRow, 'queue' | 'status'>;

function insertDelivery(
  tx: Tx,
  context: StoreContext,
  request: Pick<RecordRow, 'seq'>,
  what: NewDelivery,
): Promise<OutboxRow> {
  return tx
    .insertInto('outbox')
    .values(toOutboxRow(context, request, what))
    .returningAll()
    .executeTakeFirstOrThrow();
}

function toOutboxRow(
  { clock }: StoreContext,
  { seq }: Pick<RecordRow, 'seq'>,
  what: NewDelivery,
): Insertable<OutboxTable> {
  const now = clock.now();
  return {
    request_seq: seq,
    reply_number: what.number,
    queue: what.queue,
    message_id: what.messageId,
    status: what.status,
    attempts: 0,
    next_at: now,
    owner: null,
    last_error: null,
    created_at: now,
    ended_at: null,
    ended_by: null,
  };
}
