/** Replies on their way to Reply-To queues: who sends them now, and what becomes of them. They are queued by outbox.ts. */
import { queue } from '#core/destination.js';
import { toForwardMessage } from '#core/forward-message.js';
import { toMessageBlock } from '#core/message.js';
import type { Outbox, OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { takeTogether } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import type { NewIncident } from './incidents.js';
import { noteIncidents } from './incidents.js';
import { deadLetterHeaders, toStoredReply } from './rows.js';
import type { OutboxRow } from './schema.js';

/** While one is claimed, `next_at` is the end of its lease. */
export function createDelivering(context: StoreContext): Pick<Outbox, 'claimDue' | 'renew' | 'finish'> {
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
            ...changeFor(result, { now: clock.now(), owner }),
            owner: null,
            attempts: eb('attempts', '+', result.kind === 'refused' || result.kind === 'dead' ? 1 : 0),
          }))
          .where('id', '=', id)
          .where('owner', '=', owner)
          .where('status', '=', 'waiting')
          .returningAll()
          .executeTakeFirst();
        if (row === undefined || result.kind === 'delivered') return;
        await noteFailure(tx, context, row, { owner, result });
        if (result.kind === 'dead') await bury(tx, context, row, result.error);
      }),
  };
}

async function claimDue(
  tx: Tx,
  context: StoreContext,
  { owner, leaseMs, limit, enoughBytes, queue, exceptQueues = [] }: SendClaim,
): Promise<OutboxDelivery[]> {
  const { clock, dialect } = context;
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
  const ids = (await query.execute()).map(({ id }) => id);
  const takenOver: NewIncident[] = [];
  const deliveries = await takeTogether(ids, {
    enoughBytes,
    look: (some) =>
      tx
        .selectFrom('outbox')
        .leftJoin('replies', (join) =>
          join
            .onRef('replies.request_seq', '=', 'outbox.request_seq')
            .onRef('replies.number', '=', 'outbox.reply_number'),
        )
        .select((eb) => [
          'outbox.id as key',
          'outbox.owner',
          eb.fn<number | null>('length', ['replies.body']).as('bytes'),
        ])
        .where(dialect.isOneOf('outbox.id', dialect.toList(some)))
        .execute(),
    take: async (id, before) => {
      const row = await tx
        .updateTable('outbox')
        .set({ owner, next_at: now + leaseMs })
        .where('id', '=', id)
        .where('status', '=', 'waiting')
        .where('next_at', '<=', now)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return undefined;
      if (before !== null) takenOver.push(takeOver(row, { owner, before }));
      return toDelivery(tx, row);
    },
  });
  await noteIncidents(tx, context, takenOver);
  return deliveries;
}

/** Somebody else was sending it and does not any more: it may be there already. */
function takeOver(
  { request_seq: seq, queue: name, reply_number: reply }: OutboxRow,
  { owner, before }: { readonly owner: string; readonly before: string },
): NewIncident {
  const detail = { queue: name, reply, before };
  return { seq, kind: 'forward-taken-over', instance: owner, detail };
}

function changeFor(
  result: OutboxResult,
  { now, owner }: { readonly now: number; readonly owner: string },
): Partial<OutboxRow> {
  switch (result.kind) {
    case 'delivered':
      return { status: 'delivered', ended_at: now, ended_by: owner, last_error: null };
    case 'refused':
    case 'postponed':
      return { next_at: now + result.retryMs, last_error: Buffer.from(result.error) };
    case 'dead':
      return { status: 'dead', ended_at: now, ended_by: owner, last_error: Buffer.from(result.error) };
  }
}

async function noteFailure(
  tx: Tx,
  context: StoreContext,
  row: OutboxRow,
  {
    owner,
    result,
  }: { readonly owner: string; readonly result: Exclude<OutboxResult, { kind: 'delivered' }> },
): Promise<void> {
  const detail = { queue: row.queue, reply: row.reply_number, count: row.attempts, error: result.error };
  const incident = { seq: row.request_seq, instance: owner } as const;
  await noteIncidents(tx, context, [
    result.kind === 'dead'
      ? { ...incident, kind: 'forward-given-up', detail }
      : { ...incident, kind: 'forward-failed', detail: { ...detail, nextAt: row.next_at } },
  ]);
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
