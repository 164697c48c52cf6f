import type { Outbox, OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { toStoredReply } from './rows.js';
import type { OutboxTable } from './schema.js';
import type { Selectable } from 'kysely';

type OutboxRow = Selectable<OutboxTable>;

/** Replies on their way to Reply-To queues. While one is claimed, `next_at` is the end of its lease. */
export function createOutbox(context: StoreContext): Outbox {
  const { db, commits, clock } = context;
  return {
    claimDue: ({ owner, leaseMs, limit, queue, exceptQueues = [] }) =>
      commits.run(async (tx) => {
        const now = clock.now();
        let query = tx
          .selectFrom('outbox')
          .selectAll()
          .where('status', '=', 'waiting')
          .where('next_at', '<=', now)
          .orderBy('next_at')
          .limit(limit);
        if (queue !== undefined) query = query.where('queue', '=', queue);
        if (exceptQueues.length > 0) query = query.where('queue', 'not in', exceptQueues);
        const rows = await query.execute();
        const claimed: OutboxDelivery[] = [];
        for (const row of rows) {
          await tx
            .updateTable('outbox')
            .set({ owner, next_at: now + leaseMs })
            .where('id', '=', row.id)
            .execute();
          claimed.push(await toDelivery(tx, row));
        }
        return claimed;
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

    async nextDueMs() {
      const row = await db
        .selectFrom('outbox')
        .select('next_at')
        .where('status', '=', 'waiting')
        .orderBy('next_at')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : Math.max(0, row.next_at - clock.now());
    },
  };
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
    .select(['id', 'conversation_id'])
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
    queue: row.queue,
    attempts: row.attempts,
    messageId: row.message_id,
    reply: reply === undefined ? null : toStoredReply(request.id, reply),
    conversationId: request.conversation_id,
    createdAt: row.created_at,
  };
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
