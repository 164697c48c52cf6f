/** The page of the documentation. */
import type { ReportFile } from '../../../bench/tools/write-files.js';
import { writeFiles } from '../../../bench/tools/write-files.js';
import type { Results } from '../results.js';
import { rows } from '../rows/rows.js';
import { sizes } from '../sizes.js';
import { pageOf } from './page.js';

const page = 'docs/crash-table.md';
const folder = 'docs/crash-table';

/** What the documentation shows of a run, by path; from these results and nothing else. @throws Error in words why not */
export function documentationOf(results: Results): ReportFile[] {
  const why = whyNotPublished(results);
  if (why !== null) throw new Error(`not published: ${why}`);
  return [
    { name: page, contents: pageOf(results) },
    { name: `${folder}/results.json`, contents: `${JSON.stringify(results)}\n` },
  ];
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  return writeFiles(documentationOf(results));
}

function whyNotPublished({ rows: played }: Results): string | null {
  for (const { name } of rows) {
    const found = played.find(({ row }) => row === name);
    if (found === undefined) return `the row ${name} was not played`;
    if (found.size.requests < sizes.full.requests)
      return `the row ${name} had ${found.size.requests} requests`;
  }
  return null;
}
