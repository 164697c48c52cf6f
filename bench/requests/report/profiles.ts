/** Profiles as tables: of a report, and of `--profile`. */
import { markdownTable } from '#schema/markdown-table.js';
import { numberText, percentText } from '../../tools/number-text.js';
import type { ProfileResult, ProfiledFunction } from '../results.js';
import { wayOf, widthText } from '../ways.js';

export interface ProfileDetail {
  /** Functions of each table, at most. */
  readonly most: number;
}

/** A title, a sentence and tables. */
export function describeProfile(profile: ProfileResult, { most }: ProfileDetail): string {
  const { way: id, width, seconds, idleShare, gcShare, own, total, places } = profile;
  const way = wayOf(id);
  const blocks = [
    `### ${way.title}, ${widthText(way.kind, width)}`,
    `${numberText(seconds)} s of the process under test, of its main thread: ${percentText(idleShare)} with nothing to do, ${percentText(gcShare)} collecting garbage. The time of a function with all that it calls ends at its first \`await\`: what comes after it counts for itself.`,
    markdownTable(
      ['where', 'own time'],
      places.slice(0, most).map(({ name, share }) => [name, percentText(share)]),
    ),
    functionsTable('functions by their own time', own.slice(0, most)),
    functionsTable('functions of the product by their time with all that they call', total.slice(0, most)),
  ];
  return blocks.join('\n\n');
}

function functionsTable(title: string, functions: readonly ProfiledFunction[]): string {
  return markdownTable(
    [title, 'at', 'own', 'with what it calls'],
    functions.map(({ name, place, own, total }) => [name, place, percentText(own), percentText(total)]),
  );
}
