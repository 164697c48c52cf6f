import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { DeadLetter, DeadLetters, LetterKey, LetterKind } from '#core/ports/dead-letters.js';
import type { StoreContext, Tx } from './context.js';
import { createLetterList } from './letter-list.js';
import { toKeptLetter, toLetterRow } from './letter-rows.js';
import type { LetterRow, Tables } from './schema.js';

type Keeping = Pick<DeadLetters, 'keep' | 'count' | 'find' | 'newest' | 'list'>;

/** Keeping letters and looking at them; what changes them is in letter-changes.ts and unmatched-replies.ts. */
export function createDeadLetters(context: StoreContext): Keeping {
  const { db, commits } = context;
  return {
    keep: (letter) => commits.run((tx) => keepDeadLetter(tx, context, letter)),
    async count() {
      const rows = await db
        .selectFrom('dead_letters')
        .select((eb) => ['kind', eb.fn.countAll<number>().as('count')])
        .groupBy('kind')
        .execute();
      const count = (kind: LetterKind): number => rows.find((row) => row.kind === kind)?.count ?? 0;
      return {
        'dead-letter': count('dead-letter'),
        invalid: count('invalid'),
        'unmatched-reply': count('unmatched-reply'),
      };
    },
    async find(key) {
      const row = await readLetter(db, key);
      return row === undefined ? null : toKeptLetter(row);
    },
    async newest() {
      const [row] = await db
        .selectFrom('dead_letters')
        .select('seq')
        .orderBy('seq', 'desc')
        .limit(1)
        .execute();
      return row?.seq ?? 0;
    },
    ...createLetterList(context),
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
    .values({ ...toLetterRow(letter, context.clock.now()), id: toKey(letter.id) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('seq')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function readLetter(
  db: Kysely<Tables>,
  { number, kinds }: Pick<LetterKey, 'number' | 'kinds'>,
): Promise<LetterRow | undefined> {
  return db
    .selectFrom('dead_letters')
    .selectAll()
    .where('seq', '=', number)
    .where('kind', 'in', kinds)
    .executeTakeFirst();
}
