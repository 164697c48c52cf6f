/**
 * What becomes of letters that somebody has looked at. A letter that is sent again is removed and put among the outgoing
 * messages in one transaction, so that it is in one of both places, whatever process dies.
 */
import { firstAttempt, isMessageId, toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type {
  DeadLetters,
  KeptLetter,
  LetterBatch,
  LetterBatchOutcome,
  LetterChange,
  LetterKey,
} from '#core/ports/dead-letters.js';
import type { IncidentKind } from '#core/ports/request-lives.js';
import { takeEnough } from './claims.js';
import type { StoreContext, Tx } from './context.js';
import { readLetter } from './dead-letters.js';
import { noteIncidents } from './incidents.js';
import { lookAtLetters } from './letter-look.js';
import { toKeptLetter } from './letter-rows.js';
import { queueOutgoing } from './outgoing-messages.js';
import { toBlob, toBuffer } from './rows.js';
import type { LetterRow } from './schema.js';

type Changing = Pick<DeadLetters, 'edit' | 'retry' | 'drop' | 'retryBatch' | 'dropBatch'>;

export function createLetterChanges(context: StoreContext): Changing {
  const { commits } = context;
  return {
    edit: (key, edited) =>
      commits.run((tx) => changeLetter(tx, key, (row) => edit(tx, context, row, edited))),
    retry: (key) => commits.run((tx) => changeLetter(tx, key, (row) => sendAgain(tx, context, row))),
    drop: (key) => commits.run((tx) => changeLetter(tx, key, (row) => drop(tx, context, row))),
    retryBatch: (batch) => commits.run((tx) => changeBatch(tx, batch, (row) => sendAgain(tx, context, row))),
    dropBatch: (batch) => commits.run((tx) => changeBatch(tx, batch, (row) => drop(tx, context, row))),
  };
}

/** The letter as it was before it went, or is afterwards; else why nothing was changed. */
type Changed = KeptLetter | 'changed' | 'incomplete';

async function changeLetter(
  tx: Tx,
  key: LetterKey,
  change: (row: LetterRow) => Promise<Changed>,
): Promise<LetterChange> {
  const row = await readLetter(tx, key);
  if (row === undefined) return { kind: 'unknown' };
  if (key.version !== undefined && key.version !== row.version) return { kind: 'changed' };
  const changed = await change(row);
  return typeof changed === 'string' ? { kind: changed } : { kind: 'done', letter: changed };
}

/** Others may have changed or removed it since it was read. */
export async function removeLetter(tx: Tx, row: LetterRow): Promise<KeptLetter | 'changed'> {
  const removed = await tx
    .deleteFrom('dead_letters')
    .where('seq', '=', row.seq)
    .where('version', '=', row.version)
    .returning('seq')
    .executeTakeFirst();
  return removed === undefined ? 'changed' : toKeptLetter(row);
}

async function drop(tx: Tx, context: StoreContext, row: LetterRow): Promise<Changed> {
  const removed = await removeLetter(tx, row);
  if (removed !== 'changed') await noteRemoval(tx, context, row, 'letter-dropped');
  return removed;
}

/** The request that the letter is about, where it is known, goes on telling of it. */
async function noteRemoval(
  tx: Tx,
  context: StoreContext,
  { message_id, correlation_id, seq: letter, queue, reason, received_at: keptAt }: LetterRow,
  kind: IncidentKind,
): Promise<void> {
  const ids = [message_id, correlation_id].filter((id) => id !== null && isMessageId(id));
  if (ids.length === 0) return;
  const requests = await tx.selectFrom('requests').select('seq').where('id', 'in', ids).execute();
  const detail = { letter, queue, keptAt, reason: reason.toString('utf8') };
  const { instance } = context;
  await noteIncidents(
    tx,
    context,
    requests.map(({ seq }) => ({ seq, kind, instance, detail })),
  );
}

async function sendAgain(tx: Tx, context: StoreContext, row: LetterRow): Promise<Changed> {
  const { again, body } = toKeptLetter(row);
  if (again === null) return 'incomplete';
  const removed = await removeLetter(tx, row);
  if (removed === 'changed') return removed;
  await noteRemoval(tx, context, row, 'letter-sent-again');
  const message = firstAttempt({ ...again.message, body }, context.clock.now());
  await queueOutgoing(tx, context, again.destination, message);
  if (row.delivery_id !== null) {
    await tx
      .updateTable('outbox')
      .set({ status: 'retried' })
      .where('id', '=', row.delivery_id)
      .where('status', '=', 'dead')
      .execute();
  }
  return removed;
}

async function edit(tx: Tx, context: StoreContext, row: LetterRow, edited: Message): Promise<Changed> {
  const { again } = toKeptLetter(row);
  if (again === null) return 'incomplete';
  const changed = await tx
    .updateTable('dead_letters')
    .set({
      block: toBlob({ again: { ...again, message: toMessageBlock(edited) } }),
      body: toBuffer(edited.body),
      version: row.version + 1,
      edited_at: context.clock.now(),
    })
    .where('seq', '=', row.seq)
    .where('version', '=', row.version)
    .returningAll()
    .executeTakeFirst();
  return changed === undefined ? 'changed' : toKeptLetter(changed);
}

/** One transaction, which takes so little that others are served before the next batch. */
async function changeBatch(
  tx: Tx,
  { after, until, limit, enoughBytes, ...filter }: LetterBatch,
  change: (row: LetterRow) => Promise<Changed>,
): Promise<LetterBatchOutcome> {
  const { found, through } = await lookAtLetters(tx, filter, { after, until });
  const tried = found.slice(0, limit);
  const taken = await takeEnough(tried, {
    enoughBytes,
    take: (seq) => tx.selectFrom('dead_letters').selectAll().where('seq', '=', seq).executeTakeFirst(),
    bytesOf: ({ body }) => body.length,
  });
  let done = 0;
  for (const row of taken) done += Number(typeof (await change(row)) !== 'string');
  // Others may have taken all that were found first: the rest is still to be looked at.
  const last = taken.at(-1)?.seq ?? tried.at(-1);
  const isAll = last === undefined || last === found.at(-1);
  return { done, skipped: taken.length - done, through: isAll ? through : last };
}
