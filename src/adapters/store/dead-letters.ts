import { createHash } from 'node:crypto';
import type { DeadLetter, DeadLetters } from '#core/ports/dead-letters.js';
import type { StoreContext, Tx } from './context.js';
import { toBlob } from './rows.js';

export function createDeadLetters(context: StoreContext): DeadLetters {
  const { db, commits } = context;
  return {
    keep: (letter) => commits.run((tx) => keepDeadLetter(tx, context, letter)),
    async count() {
      const rows = await db
        .selectFrom('dead_letters')
        .select((eb) => ['kind', eb.fn.countAll<number>().as('count')])
        .groupBy('kind')
        .execute();
      const count = (kind: DeadLetter['kind']): number => rows.find((row) => row.kind === kind)?.count ?? 0;
      return {
        'dead-letter': count('dead-letter'),
        invalid: count('invalid'),
        'unmatched-reply': count('unmatched-reply'),
      };
    },
  };
}

/** An index of PostgreSQL takes 2,704 bytes, and part of an id may be what a stranger sent. */
const longestKeyBytes = 1_000;

/** The id as it is kept: one that is too long is known by its digest. */
function toKey(id: string): string {
  if (Buffer.byteLength(id) <= longestKeyBytes) return id;
  return `${id.slice(0, id.indexOf(' ') + 1)}sha256 ${createHash('sha256').update(id).digest('base64url')}`;
}

/** Also called inside other transactions: what cannot be delivered is kept with the change that found it. */
export async function keepDeadLetter(tx: Tx, context: StoreContext, letter: DeadLetter): Promise<boolean> {
  const inserted = await tx
    .insertInto('dead_letters')
    .values({
      id: toKey(letter.id),
      kind: letter.kind,
      queue: letter.queue,
      received_at: context.clock.now(),
      reason: Buffer.from(letter.reason),
      headers: toBlob(letter.headers),
      body: Buffer.from(letter.body.buffer, letter.body.byteOffset, letter.body.byteLength),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('seq')
    .executeTakeFirst();
  return inserted !== undefined;
}
