import { filesOfPage } from '../../tools/report-files.js';
import type { ReportFile } from '../../tools/write-files.js';
import { writeFiles } from '../../tools/write-files.js';
import type { Results } from '../results.js';
import { whyNotPublished } from './publishable.js';
import { shown } from './report-files.js';

/** What the documentation shows of a run, by path; from these results and nothing else. @throws Error in words why not */
export function documentationOf(results: Results): ReportFile[] {
  const why = whyNotPublished(results);
  if (why !== null) throw new Error(`not published: ${why}`);
  return filesOfPage('status-benchmark', results, ...shown(results));
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  return writeFiles(documentationOf(results));
}
