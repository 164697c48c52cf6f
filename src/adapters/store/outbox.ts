import type { Outbox, OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { isNoneOf, takeEnough } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import type { RecordRow } from './rows.js';
import { toStoredReply } from './rows.js';
import type { OutboxTable } from './schema.js';
import type { Selectable } from 'kysely';

type OutboxRow = Selectable<OutboxTable>;

/** Replies on their way to Reply-To queues. While one is claimed, `next_at` is the end of its lease. */
export function createOutbox(context: StoreContext): Outbox {
  const { commits, clock } = context;
  return {
    claimDue: (claim) => commits.run((tx) => claimDue(tx, context, claim)),

    renew: (ids, owner, leaseMs) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('outbox')
          .set({ next_at: clock.now() + leaseMs })
          .where('id', 'in', ids)
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
  { clock }: StoreContext,
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
            .whereRef('earlier.id', '<', 'outbox.id')
            .where('earlier.status', '=', 'waiting'),
        ),
      ),
    )
    .orderBy('next_at')
    .orderBy('outbox.id')
    .limit(limit);
  if (queue !== undefined) query = query.where('queue', '=', queue);
  if (exceptQueues.length > 0) query = query.where(isNoneOf(exceptQueues));
  return takeEnough(await query.execute(), {
    enoughBytes,
    take: async ({ id }) => {
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
    bytesOf: ({ reply }) => reply?.body.length ?? 0,
  });
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

/** What goes to the Reply-To queue of a request, in the transaction that settles it; nothing without one. */
export async function queueForward(
  tx: Tx,
  { clock }: StoreContext,
  request: Pick<RecordRow, 'seq' | 'reply_to'>,
  what: { readonly number: number; readonly messageId: string },
): Promise<void> {
  if (request.reply_to === null) return;
  const now = clock.now();
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

async function bury(tx: Tx, context: StoreContext, row: OutboxRow, error: string): Promise<void> {
  const { requestId, reply } = await toDelivery(tx, row);
  await keepDeadLetter(tx, context, {
    id: `outbox ${row.id}`,
    kind: 'dead-letter',
    reason: `delivery to the Reply-To queue failed ${row.attempts} times: ${error}`,
    queue: row.queue,
    headers: {
      'Message-ID': row.message_id,
      'correlation-id': requestId,
      ...(typeof reply?.contentType === 'string' ? { 'content-type': reply.contentType } : {}),
    },
    body: reply?.body ?? new Uint8Array(),
  });
}
