import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One test as the reporter saw it end. */
export interface TestResult {
  readonly file: string;
  /** Titles of its suites and its own, without a skip reason and figures. */
  readonly fullTitle: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly skipReason: string | null;
  /** What went wrong, with its stack; null unless it failed. */
  readonly failure: string | null;
  /** What it measured, in words. */
  readonly figures: readonly string[];
}

/** Where the run tells the reporter to put its results. */
export const resultsFolderVariable = 'TEST_RESULTS_FOLDER';

export function resultsFile(folder: string): string {
  return join(folder, 'results.json');
}

/** Null when the reporter never came to its end: then mocha died or never began. */
export function readResults(folder: string): readonly TestResult[] | null {
  const file = resultsFile(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TestResult[]) : null;
}
