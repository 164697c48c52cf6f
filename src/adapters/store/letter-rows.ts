/** Between rows of dead letters and core types. */
import { sql } from 'kysely';
import type { Insertable } from 'kysely';
import type { DeadLetter, KeptLetter, LetterSummary } from '#core/ports/dead-letters.js';
import { fromBlob, toBlob, toBuffer } from './rows.js';
import type { DeadLetterTable, LetterRow } from './schema.js';

/** What a letter says for machines, without its body. */
type LetterBlock = Pick<DeadLetter, 'again' | 'reply'>;

export function toLetterRow(letter: DeadLetter, now: number): Insertable<DeadLetterTable> {
  const { again, reply, headers } = letter;
  const isWhole = again !== undefined || reply !== undefined;
  return {
    id: letter.id,
    kind: letter.kind,
    queue: letter.queue,
    received_at: now,
    message_id: again?.message.messageId ?? reply?.messageId ?? null,
    correlation_id: again?.message.correlationId ?? reply?.correlationIds[0] ?? null,
    delivery_id: letter.deliveryId ?? null,
    edited_at: null,
    reason: Buffer.from(letter.reason),
    headers: toBlob(headers),
    block: isWhole ? toBlob({ again, reply }) : null,
    body: toBuffer(letter.body),
  };
}

/** All columns but those that may be large. */
export const summaryColumns = [
  'seq',
  'kind',
  'queue',
  'received_at',
  'message_id',
  'correlation_id',
  'version',
  'edited_at',
  'reason',
] as const satisfies readonly (keyof LetterRow)[];

export const bytesOfBody = sql<number>`length(body)`.as('bytes');
export const isWholeColumn = sql<number>`CASE WHEN block IS NULL THEN 0 ELSE 1 END`.as('is_whole');

export type SummaryRow = Pick<LetterRow, (typeof summaryColumns)[number]> & {
  readonly bytes: number;
  readonly is_whole: number;
};

export function toSummary(row: SummaryRow): LetterSummary {
  return {
    number: row.seq,
    kind: row.kind,
    queue: row.queue,
    reason: row.reason.toString('utf8'),
    receivedAt: row.received_at,
    messageId: row.message_id,
    correlationId: row.correlation_id,
    bytes: row.bytes,
    isWhole: row.is_whole === 1,
    version: row.version,
    editedAt: row.edited_at,
  };
}

export function toKeptLetter(row: LetterRow): KeptLetter {
  const { again = null, reply = null } = row.block === null ? {} : fromBlob<LetterBlock>(row.block);
  return {
    ...toSummary({ ...row, bytes: row.body.length, is_whole: Number(row.block !== null) }),
    headers: fromBlob<KeptLetter['headers']>(row.headers),
    body: row.body,
    again,
    reply,
  };
}
