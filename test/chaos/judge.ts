/** What of the counts the crash table does not allow. */
import type { Counts } from './counts.js';
import type { Row } from './rows/row.js';

/** In words; none = the row is as the crash table says. */
export function problemsOf(row: Pick<Row, 'mayForwardAgain' | 'mayRunTwice'>, counts: Counts): string[] {
  const { accepted, lost, answeredTwice, forwardedAgain, runTwice, late, unmatched } = counts;
  const wrongly: Readonly<Record<string, number>> = {
    lost,
    'answered twice': answeredTwice - (row.mayForwardAgain ? forwardedAgain : 0),
    'run twice by a service that remembers': row.mayRunTwice ? 0 : runTwice,
    late,
    unmatched,
  };
  const words = Object.entries(wrongly).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  return accepted === 0 ? [...words, 'nothing was accepted'] : words;
}
