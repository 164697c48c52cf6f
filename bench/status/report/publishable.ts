/** Whether results may become a page of the documentation. */
import { readJsonOfFormat } from '../../tools/read-results.js';
import { format } from '../results.js';
import type { Results } from '../results.js';
import { variants } from '../variants.js';

/** @throws Error with the name of the file when it is no results of this benchmark in its present format */
export function readResults(text: string, name: string): Results {
  return readJsonOfFormat(text, { name, format, command: 'npm run bench:status' }) as Results;
}

/** Why these results are not to be published, in a sentence; null: they may be. */
export function whyNotPublished(results: Results): string | null {
  const { size, planned, clients, repeats, passes, failed, leftOut, measured, away } = results;
  if (size === 'smoke') return 'a smoke run has no figures that are worth reading';
  if (passes < repeats) return `the run was ended after ${passes} of ${repeats} passes`;
  if (failed.length > 0) return `${failed.length} measurements failed, the first: ${failed[0]}`;
  for (const variant of variants) {
    const { id, awayOnly, reading } = variant;
    if (!planned.includes(id)) return `${id} was not asked for (--only)`;
    const isMissing = (count: number | null): boolean =>
      !leftOut.some((one) => one.variant === id && (one.clients === null || one.clients === count));
    if (awayOnly !== true) {
      for (const count of clients.filter(isMissing)) {
        const runs = measured.find((one) => one.variant === id && one.clients === count)?.runs.length ?? 0;
        if (runs < repeats) return `${id} has ${runs} of ${repeats} measurements at ${count} clients`;
      }
    }
    const runs = away.find((one) => one.variant === id)?.runs.length ?? 0;
    if (reading.by !== 'nothing' && isMissing(null) && runs < repeats) {
      return `${id} has ${runs} of ${repeats} measurements of clients that were away`;
    }
  }
  return null;
}
