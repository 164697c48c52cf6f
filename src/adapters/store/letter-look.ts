import type { Kysely } from 'kysely';
import type { LetterFilter, LetterKind } from '#core/ports/dead-letters.js';
import type { LetterRow, Tables } from './schema.js';

/** Where a look begins and which way it goes: behind `after` up to `until`, or before `before`. */
export type LetterRange = { readonly after: number; readonly until: number } | { readonly before: number };

export interface LetterLook {
  /** Those that are meant, in the order of the look. */
  readonly found: readonly number[];
  /** How far it has looked; null: to the end. */
  readonly through: number | null;
}

type Entry = Pick<LetterRow, 'seq' | 'queue' | 'received_at'>;

/** Letters of a kind that one look passes over, at most: it stands between others who want to be served. */
const mostLookedAt = 1_000;

/**
 * Looks along the letters of some kinds, by the index alone. What a database cannot filter alike everywhere, and what
 * would let it look without an end, is filtered here.
 */
export async function lookAtLetters(
  db: Kysely<Tables>,
  { kinds, queue, receivedUntil = Infinity, allows = () => true }: LetterFilter,
  range: LetterRange,
): Promise<LetterLook> {
  const isBackward = 'before' in range;
  const comes = (one: number, other: number): number => (isBackward ? other - one : one - other);
  const looks: Entry[][] = [];
  // One after the other: within a transaction there is one connection.
  for (const kind of new Set(kinds)) looks.push(await entriesOf(db, { kind, queue }, range));
  // Behind the end of a look that is not complete nobody knows what the order is.
  const [horizon] = looks
    .filter(({ length }) => length === mostLookedAt)
    .map((entries) => entries.at(-1)?.seq ?? 0)
    .sort(comes);
  const found = looks
    .flat()
    .filter(({ seq }) => horizon === undefined || comes(seq, horizon) <= 0)
    .filter((entry) => entry.received_at <= receivedUntil && allows(entry.queue))
    .map(({ seq }) => seq)
    .sort(comes);
  return { found, through: horizon ?? null };
}

function entriesOf(
  db: Kysely<Tables>,
  { kind, queue }: { readonly kind: LetterKind; readonly queue: string | undefined },
  range: LetterRange,
): Promise<Entry[]> {
  let query = db
    .selectFrom('dead_letters')
    .select(['seq', 'queue', 'received_at'])
    .where('kind', '=', kind)
    .orderBy('seq', 'before' in range ? 'desc' : 'asc')
    .limit(mostLookedAt);
  if (queue !== undefined) query = query.where('queue', '=', queue);
  if ('before' in range) query = query.where('seq', '<', range.before);
  else query = query.where('seq', '>', range.after).where('seq', '<=', range.until);
  return query.execute();
}
