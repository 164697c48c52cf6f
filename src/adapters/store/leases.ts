import { createHash } from 'node:crypto';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import { queue } from '#core/destination.js';
import type { Lease, LeaseEnd } from '#core/lease.js';
import { attemptOf, nextAttempt, toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Lapse, LapseOptions, LeaseKey, LeaseState, Leases, NewLease } from '#core/ports/leases.js';
import { takeEnough } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { keepDeadLetter } from './dead-letters.js';
import { queueOutgoing } from './outgoing-messages.js';
import { deadLetterHeaders, toMessage, toMessageColumns } from './rows.js';
import type { LeaseRow, Tables } from './schema.js';

/** An ended lease keeps its row for a while, without its message: whoever asks again is told how it ended. */
export function createLeases(context: StoreContext): Leases {
  const { db, commits, clock } = context;
  return {
    take: (lease) => commits.run((tx) => take(tx, context, lease)),

    find: async (key) => toState(await select(db, key).executeTakeFirst(), clock.now()),

    acknowledge: (key) =>
      commits.run(async (tx) => (await end(tx, context, key, { end: 'acknowledged' })).state, key.id),

    reply: (key, reply, fingerprint) =>
      commits.run(async (tx) => {
        const { state, message } = await end(tx, context, key, { end: 'replied', fingerprint });
        const address = message?.replyTo;
        if (address !== undefined && address !== null) await queueOutgoing(tx, context, address, reply);
        return state;
      }, key.id),

    renew: (key, leaseMs) =>
      commits.run(async (tx) => {
        const state = toState(await lock(tx, key), clock.now());
        if (state?.kind !== 'held') return state;
        const expiresAt = clock.now() + leaseMs;
        await tx
          .updateTable('leases')
          .set({ expires_at: expiresAt })
          .where('id', '=', key.id)
          .where('status', '=', 'held')
          .execute();
        return { kind: 'held', lease: { ...state.lease, expiresAt } };
      }, key.id),

    release: (key, counts) =>
      commits.run(async (tx) => {
        const { state, message } = await end(tx, context, key, { end: 'released' });
        if (message !== undefined) {
          const back = counts ? nextAttempt(message, clock.now()) : message;
          await queueOutgoing(tx, context, queue(key.queue), back);
        }
        return state;
      }, key.id),

    lapseDue: (options) => commits.run((tx) => lapseDue(tx, context, options)),
  };
}

async function take(tx: Tx, { clock }: StoreContext, lease: NewLease): Promise<Lease | false> {
  const { id, holder, message, leaseMs } = lease;
  const digest = createHash('sha256').update(message.body).digest();
  if (lease.redelivered && (await isDealtWith(tx, lease, digest))) return false;
  const expires_at = clock.now() + leaseMs;
  await tx
    .insertInto('leases')
    .values({
      ...toMessageColumns(message),
      id,
      queue: lease.queue,
      holder,
      status: 'held',
      message_id: message.messageId,
      expires_at,
      ended_at: null,
      fingerprint: null,
      digest,
    })
    // Ids are random: one that is there already was written by a commit whose answer was lost.
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return { id, queue: lease.queue, message, expiresAt: expires_at };
}

/**
 * The process died between the lease and the acknowledgement: the message is kept here, or done with, and need not come
 * twice. One that went back to its queue has to come again.
 */
async function isDealtWith(tx: Tx, { queue: name, message }: NewLease, digest: Buffer): Promise<boolean> {
  const row = await tx
    .selectFrom('leases')
    .select('id')
    .where('queue', '=', name)
    .where('message_id', '=', message.messageId)
    .where('status', 'in', ['held', 'acknowledged', 'replied'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row !== undefined;
}

interface Ended {
  readonly state: LeaseState | null;
  /** Only when this call ended it. */
  readonly message?: Message;
}

async function end(
  tx: Tx,
  context: StoreContext,
  key: LeaseKey,
  how: { readonly end: LeaseEnd; readonly fingerprint?: string },
): Promise<Ended> {
  const state = toState(await lock(tx, key), context.clock.now());
  if (state?.kind !== 'held') return { state };
  await close(tx, context, key.id, how);
  return { state, message: state.lease.message };
}

async function close(
  tx: Tx,
  { clock }: StoreContext,
  id: string,
  how: { readonly end: LeaseEnd; readonly fingerprint?: string },
): Promise<void> {
  await tx
    .updateTable('leases')
    .set({
      status: how.end,
      fingerprint: how.fingerprint ?? null,
      ended_at: clock.now(),
      message: null,
      body: null,
    })
    .where('id', '=', id)
    .where('status', '=', 'held')
    .execute();
}

/** What others hold does not exist for the one who asks. */
function select(db: Kysely<Tables>, key: LeaseKey): SelectQueryBuilder<Tables, 'leases', LeaseRow> {
  return db
    .selectFrom('leases')
    .selectAll()
    .where('id', '=', key.id)
    .where('queue', '=', key.queue)
    .where('holder', key.holder === null ? 'is' : '=', key.holder);
}

/** As it is when nobody else is changing it; nobody else can until the transaction ends. */
function lock(tx: Tx, key: LeaseKey): Promise<LeaseRow | undefined> {
  return select(tx, key).forUpdate().executeTakeFirst();
}

/** A lease whose time is over is held no more, even before somebody has looked for it. */
function toState(row: LeaseRow | undefined, now: number): LeaseState | null {
  if (row === undefined) return null;
  const { status, fingerprint, expires_at: expiresAt } = row;
  if (status !== 'held') {
    return { kind: 'ended', end: status, endedAt: row.ended_at ?? expiresAt, fingerprint };
  }
  if (expiresAt <= now) return { kind: 'ended', end: 'lapsed', endedAt: expiresAt, fingerprint };
  return { kind: 'held', lease: toLease(withMessage(row)) };
}

async function lapseDue(
  tx: Tx,
  context: StoreContext,
  { limit, enoughBytes, maxAttempts, toFault }: LapseOptions,
): Promise<Lapse[]> {
  const now = context.clock.now();
  const due = await tx
    .selectFrom('leases')
    .select('id')
    .where('status', '=', 'held')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  const rows = await takeEnough(due, {
    enoughBytes,
    take: ({ id }) => tx.selectFrom('leases').selectAll().where('id', '=', id).executeTakeFirst(),
    bytesOf: ({ body }) => body?.length ?? 0,
  });
  const lapses: Lapse[] = [];
  for (const row of rows.map(withMessage)) {
    const message = toMessage(row);
    const attempt = attemptOf(message);
    const isDead = attempt >= maxAttempts;
    await close(tx, context, row.id, { end: 'lapsed' });
    if (isDead) await bury(tx, context, row, toFault(message));
    else await queueOutgoing(tx, context, queue(row.queue), nextAttempt(message, now));
    lapses.push({ queue: row.queue, messageId: message.messageId, attempt, isDead });
  }
  return lapses;
}

async function bury(tx: Tx, context: StoreContext, row: HeldRow, fault: Message | null): Promise<void> {
  const message = toMessage(row);
  await keepDeadLetter(tx, context, {
    id: `lease ${row.id}`,
    kind: 'dead-letter',
    reason: `its lease ran out in attempt ${attemptOf(message)}: who took it over HTTP did not acknowledge it`,
    queue: row.queue,
    headers: deadLetterHeaders(message),
    body: message.body,
    again: { destination: queue(row.queue), message: toMessageBlock(message) },
  });
  if (fault !== null && message.replyTo !== null) await queueOutgoing(tx, context, message.replyTo, fault);
}

/** A held lease has its message. */
type HeldRow = LeaseRow & { readonly message: Buffer; readonly body: Buffer };

function withMessage(row: LeaseRow): HeldRow {
  return { ...row, message: row.message ?? Buffer.from('{}'), body: row.body ?? Buffer.alloc(0) };
}

function toLease(row: HeldRow): Lease {
  return { id: row.id, queue: row.queue, message: toMessage(row), expiresAt: row.expires_at };
}
