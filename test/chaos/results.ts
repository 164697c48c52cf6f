/** What a run leaves: the JSON file from which the page is made. */
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
