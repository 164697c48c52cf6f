import type { Insertable } from 'kysely';
import { queue } from '#core/destination.js';
import { toForwardMessage } from '#core/forward-message.js';
import { toMessageBlock } from '#core/message.js';
import type { Outbox, OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { takeTogether } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import type { RecordRow } from './rows.js';
import { deadLetterHeaders, toStoredReply } from './rows.js';
import type { OutboxRow, OutboxTable } from './schema.js';

/** Replies on their way to Reply-To queues. While one is claimed, `next_at` is the end of its lease. */
export function createOutbox(context: StoreContext): Pick<Outbox, 'claimDue' | 'renew' | 'finish'> {
  const { commits, clock, dialect } = context;
  return {
    claimDue: (claim) => commits.run((tx) => claimDue(tx, context, claim)),

    renew: (ids, owner, leaseMs) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('outbox')
          .set({ next_at: clock.now() + leaseMs })
          .where(dialect.isOneOf('id', dialect.toList(ids)))
          .where('owner', '=', owner)
          .where('status', '=', 'waiting')
          .execute();
      }),

    finish: (id, owner, result) =>
      commits.run(async (tx) => {
        const row = await tx
          .updateTable('outbox')
          .set((eb) => ({
            ...changeFor(result, clock.now()),
            owner: null,
            attempts: eb('attempts', '+', result.kind === 'refused' || result.kind === 'dead' ? 1 : 0),
          }))
          .where('id', '=', id)
          .where('owner', '=', owner)
          .where('status', '=', 'waiting')
          .returningAll()
          .executeTakeFirst();
        if (row !== undefined && result.kind === 'dead') await bury(tx, context, row, result.error);
      }),
  };
}

async function claimDue(
  tx: Tx,
  { clock, dialect }: StoreContext,
  { owner, leaseMs, limit, enoughBytes, queue, exceptQueues = [] }: SendClaim,
): Promise<OutboxDelivery[]> {
  const now = clock.now();
  let query = tx
    .selectFrom('outbox')
    .select('outbox.id')
    .where('outbox.status', '=', 'waiting')
    .where('next_at', '<=', now)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('outbox as earlier')
            .select('earlier.id')
            .whereRef('earlier.request_seq', '=', 'outbox.request_seq')
            .whereRef('earlier.queue', '=', 'outbox.queue')
            .whereRef('earlier.id', '<', 'outbox.id')
            .where('earlier.status', '=', 'waiting'),
        ),
      ),
    )
    .orderBy('next_at')
    .orderBy('outbox.id')
    .limit(limit)
    .forUpdate('outbox')
    .skipLocked();
  if (queue !== undefined) query = query.where('queue', '=', queue);
  if (exceptQueues.length > 0) query = query.where(dialect.isNoneOf('queue', dialect.toList(exceptQueues)));
  const found = await query.execute();
  return takeTogether(
    found.map(({ id }) => id),
    {
      enoughBytes,
      sizes: (ids) =>
        tx
          .selectFrom('outbox')
          .innerJoin('replies', (join) =>
            join
              .onRef('replies.request_seq', '=', 'outbox.request_seq')
              .onRef('replies.number', '=', 'outbox.reply_number'),
          )
          .select((eb) => ['outbox.id as key', eb.fn<number>('length', ['replies.body']).as('bytes')])
          .where(dialect.isOneOf('outbox.id', dialect.toList(ids)))
          .execute(),
      take: async (id) => {
        const row = await tx
          .updateTable('outbox')
          .set({ owner, next_at: now + leaseMs })
          .where('id', '=', id)
          .where('status', '=', 'waiting')
          .where('next_at', '<=', now)
          .returningAll()
          .executeTakeFirst();
        return row && toDelivery(tx, row);
      },
    },
  );
}

function changeFor(result: OutboxResult, now: number): Partial<OutboxRow> {
  switch (result.kind) {
    case 'delivered':
      return { status: 'delivered', ended_at: now, last_error: null };
    case 'refused':
    case 'postponed':
      return { next_at: now + result.retryMs, last_error: Buffer.from(result.error) };
    case 'dead':
      return { status: 'dead', ended_at: now, last_error: Buffer.from(result.error) };
  }
}

async function toDelivery(tx: Tx, row: OutboxRow): Promise<OutboxDelivery> {
  const request = await tx
    .selectFrom('requests')
    .select(['id', 'queue', 'conversation_id'])
    .where('seq', '=', row.request_seq)
    .executeTakeFirstOrThrow();
  const reply = await tx
    .selectFrom('replies')
    .selectAll()
    .where('request_seq', '=', row.request_seq)
    .where('number', '=', row.reply_number)
    .executeTakeFirst();
  return {
    id: row.id,
    requestId: request.id,
    requestQueue: request.queue,
    queue: row.queue,
    attempts: row.attempts,
    messageId: row.message_id,
    reply: reply === undefined ? null : toStoredReply(request.id, reply),
    conversationId: request.conversation_id,
    createdAt: row.created_at,
  };
}

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
  };
}

async function bury(tx: Tx, context: StoreContext, row: OutboxRow, error: string): Promise<void> {
  const message = toForwardMessage(await toDelivery(tx, row), context.clock.now());
  await keepDeadLetter(tx, context, {
    id: `outbox ${row.id}`,
    kind: 'dead-letter',
    reason: `delivery to the Reply-To queue failed ${row.attempts} times: ${error}`,
    queue: row.queue,
    headers: deadLetterHeaders(message),
    body: message.body,
    again: { destination: queue(row.queue), message: toMessageBlock(message) },
    deliveryId: row.id,
  });
}
