/** What a run leaves: the JSON file from which the page is made. */
import type { Machine } from '../../bench/tools/machine.js';
import { readJsonOfFormat } from '../../bench/tools/read-results.js';
import type { Counts } from './counts.js';
import type { Size } from './rows/row.js';

export interface PlayedRow {
  /** Its name. */
  readonly row: string;
  readonly seed: number;
  readonly size: Size;
  /** What was done to the parts, in words. */
  readonly done: readonly string[];
  readonly counts: Counts;
  /** Ids. */
  readonly lost: readonly string[];
  /** What is not as it should be, in words; none = the row holds. */
  readonly problems: readonly string[];
  readonly tookMs: number;
}

export interface LeftOutRow {
  readonly row: string;
  /** In words. */
  readonly why: string;
}

const format = 1;

export interface Results {
  readonly format: typeof format;
  /** ISO 8601, UTC; of the last run of those that came together here. */
  readonly startedAt: string;
  readonly machine: Machine;
  readonly parts: Readonly<Record<string, string>>;
  /** In the order of the crash table. */
  readonly rows: readonly PlayedRow[];
  readonly leftOut: readonly LeftOutRow[];
}

export function newResults(about: Pick<Results, 'startedAt' | 'machine' | 'parts'>): Results {
  return { format, ...about, rows: [], leftOut: [] };
}

/** With this outcome in the place of what was there of the same row. `order` names all rows. */
export function withRow(
  results: Results,
  outcome: PlayedRow | LeftOutRow,
  order: readonly string[],
): Results {
  const isOther = ({ row }: { readonly row: string }): boolean => row !== outcome.row;
  const rows = [...results.rows.filter(isOther), ...('counts' in outcome ? [outcome] : [])];
  const leftOut = [...results.leftOut.filter(isOther), ...('counts' in outcome ? [] : [outcome])];
  const place = ({ row }: { readonly row: string }): number => order.indexOf(row);
  return { ...results, rows: rows.sort((one, other) => place(one) - place(other)), leftOut };
}

/** @throws Error with the name of the file when it is no results of this command in its present format */
export function readResults(text: string, name: string): Results {
  return readJsonOfFormat(text, { name, format, command: 'npm run chaos' }) as Results;
}
