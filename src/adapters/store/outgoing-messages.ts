import type { Destination } from '#core/destination.js';
import { toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { OutgoingMessage, OutgoingMessages } from '#core/ports/outgoing-messages.js';
import type { OutboxResult } from '#core/ports/outbox.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { takeTogether } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { deadLetterHeaders, toMessage, toMessageColumns } from './rows.js';
import type { OutgoingRow } from './schema.js';

/** A row is gone once its message is on the broker. While one is claimed, `next_at` is the end of its lease. */
export function createOutgoingMessages(context: StoreContext): OutgoingMessages {
  const { commits, clock, dialect } = context;
  return {
    claimDue: (claim) => commits.run((tx) => claimDue(tx, context, claim)),
    renew: (ids, owner, leaseMs) =>
      commits.run(async (tx) => {
        await tx
          .updateTable('outgoing')
          .set({ next_at: clock.now() + leaseMs })
          .where(dialect.isOneOf('id', dialect.toList(ids)))
          .where('owner', '=', owner)
          .execute();
      }),
    finish: (id, owner, result) => commits.run((tx) => finish(tx, context, { id, owner, result })),
  };
}

async function claimDue(
  tx: Tx,
  { clock, dialect }: StoreContext,
  { owner, leaseMs, limit, enoughBytes, queue, exceptQueues = [] }: SendClaim,
): Promise<OutgoingMessage[]> {
  const now = clock.now();
  let query = tx
    .selectFrom('outgoing')
    .select('id')
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  if (queue !== undefined) query = query.where('queue', '=', queue);
  if (exceptQueues.length > 0) query = query.where(dialect.isNoneOf('queue', dialect.toList(exceptQueues)));
  const found = await query.execute();
  const rows = await takeTogether(
    found.map(({ id }) => id),
    {
      enoughBytes,
      look: (ids) =>
        tx
          .selectFrom('outgoing')
          .select((eb) => ['id as key', 'owner', eb.fn<number>('length', ['body']).as('bytes')])
          .where(dialect.isOneOf('id', dialect.toList(ids)))
          .execute(),
      take: (id) =>
        tx
          .updateTable('outgoing')
          .set({ owner, next_at: now + leaseMs })
          .where('id', '=', id)
          .where('next_at', '<=', now)
          .returningAll()
          .executeTakeFirst(),
    },
  );
  return rows.map(toOutgoing);
}

interface Finish {
  readonly id: number;
  readonly owner: string;
  readonly result: OutboxResult;
}

async function finish(tx: Tx, context: StoreContext, { id, owner, result }: Finish): Promise<void> {
  if (result.kind === 'refused' || result.kind === 'postponed') {
    await tx
      .updateTable('outgoing')
      .set((eb) => ({
        owner: null,
        attempts: eb('attempts', '+', Number(result.kind === 'refused')),
        next_at: context.clock.now() + result.retryMs,
        last_error: Buffer.from(result.error),
      }))
      .where('id', '=', id)
      .where('owner', '=', owner)
      .execute();
    return;
  }
  const row = await tx
    .deleteFrom('outgoing')
    .where('id', '=', id)
    .where('owner', '=', owner)
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined && result.kind === 'dead') {
    const { message, destination } = toOutgoing(row);
    await keepDeadLetter(tx, context, {
      id: `outgoing ${row.id}`,
      kind: 'dead-letter',
      reason: `the broker did not take it, ${row.attempts + 1} times: ${result.error}`,
      queue: row.queue,
      headers: deadLetterHeaders(message),
      body: message.body,
      again: { destination, message: toMessageBlock(message) },
    });
  }
}

function toOutgoing(row: OutgoingRow): OutgoingMessage {
  return {
    id: row.id,
    destination: { kind: row.kind, name: row.queue },
    message: toMessage(row),
    attempts: row.attempts,
  };
}

/** To be called in the transaction that says why it goes. */
export async function queueOutgoing(
  tx: Tx,
  { clock }: StoreContext,
  { kind, name }: Destination,
  message: Message,
): Promise<void> {
  const now = clock.now();
  await tx
    .insertInto('outgoing')
    .values({
      ...toMessageColumns(message),
      kind,
      queue: name,
      attempts: 0,
      next_at: now,
      owner: null,
      last_error: null,
      created_at: now,
    })
    .execute();
}
