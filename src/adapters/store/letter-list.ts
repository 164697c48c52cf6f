import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { StoreContext } from './context.js';
import { lookAtLetters } from './letter-look.js';
import { bytesOfBody, isWholeColumn, summaryColumns, toSummary } from './letter-rows.js';

/** Looks of one page: whoever may see few of very many letters gets short pages, and the next one goes on. */
const mostLooks = 10;

export function createLetterList({ db }: StoreContext): Pick<DeadLetters, 'list'> {
  return {
    async list({ before = Number.MAX_SAFE_INTEGER, limit, ...filter }) {
      const found: number[] = [];
      let next: number | null = before;
      for (let look = 0; look < mostLooks && next !== null && found.length <= limit; look += 1) {
        // Others have their turn between two looks.
        if (look > 0) await new Promise((resolve) => setImmediate(resolve));
        const seen = await lookAtLetters(db, filter, { before: next });
        found.push(...seen.found);
        next = seen.through;
      }
      const page = found.slice(0, limit);
      const last = page.at(-1);
      if (found.length > limit && last !== undefined) next = last;
      if (last === undefined) return { letters: [], next };
      const rows = await db
        .selectFrom('dead_letters')
        .select(summaryColumns)
        .select([bytesOfBody, isWholeColumn])
        .where('seq', 'in', page)
        .orderBy('seq', 'desc')
        .execute();
      return { letters: rows.map(toSummary), next };
    },
  };
}
