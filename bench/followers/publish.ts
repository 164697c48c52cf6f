/** The page of the documentation. */
import { readJsonOfFormat } from '../tools/read-results.js';
import { filesOfPage } from '../tools/report-files.js';
import type { ReportFile } from '../tools/write-files.js';
import { writeFiles } from '../tools/write-files.js';
import { pageOf } from './page.js';
import { format } from './results.js';
import type { Results } from './results.js';

/** What the documentation shows of a run, by path; from these results and nothing else. @throws Error in words why not */
export function documentationOf(results: Results): ReportFile[] {
  if (results.plan.size === 'smoke') {
    throw new Error('not published: a smoke run has no figures that are worth reading');
  }
  return filesOfPage('followers-benchmark', results, () => pageOf(results));
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  return writeFiles(documentationOf(results));
}

/** @throws Error with the name of the file when it is no results of this benchmark in its present format */
export function readResults(text: string, name: string): Results {
  return readJsonOfFormat(text, { name, format, command: 'npm run bench:followers' }) as Results;
}
