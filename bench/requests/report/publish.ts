/** The page of the documentation, and the files of a run. */
import { readJsonOfFormat } from '../../tools/read-results.js';
import type { Picture } from '../../tools/report-files.js';
import { filesOfPage, filesOfRun } from '../../tools/report-files.js';
import type { ReportFile } from '../../tools/write-files.js';
import { writeFiles } from '../../tools/write-files.js';
import { format } from '../results.js';
import type { Results } from '../results.js';
import { ways } from '../ways.js';
import { toFigures } from './figures.js';
import { pageOf } from './page.js';
import { drawPictures } from './pictures.js';

/** The page, which looks for its pictures beside itself, and the pictures. */
export function reportFiles(results: Results): ReportFile[] {
  return filesOfRun(...shown(results));
}

/** What the documentation shows of a run, by path; from these results and nothing else. @throws Error in words why not */
export function documentationOf(results: Results): ReportFile[] {
  const why = whyNotPublished(results);
  if (why !== null) throw new Error(`not published: ${why}`);
  return filesOfPage('request-benchmark', results, ...shown(results));
}

function shown(results: Results): [page: (folder: string) => string, pictures: readonly Picture[]] {
  const figures = toFigures(results);
  const pictures = drawPictures(results, figures);
  return [(folder) => pageOf(results, { figures, pictures, folder }), pictures];
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  return writeFiles(documentationOf(results));
}

/** @throws Error with the name of the file when it is no results of this benchmark in its present format */
export function readResults(text: string, name: string): Results {
  return readJsonOfFormat(text, { name, format, command: 'npm run bench' }) as Results;
}

/** Why these results are not to be published, in a sentence; null: they may be. */
function whyNotPublished(results: Results): string | null {
  const { size, planned, repeats, passes, failed, leftOut, measured, widths } = results;
  if (size === 'smoke') return 'a smoke run has no figures that are worth reading';
  if (passes < repeats) return `the run was ended after ${passes} of ${repeats} passes`;
  if (failed.length > 0) return `${failed.length} measurements failed, the first: ${failed[0]}`;
  for (const { id, kind } of ways) {
    if (!planned.includes(id)) return `${id} was not asked for (--only)`;
    if (leftOut.some(({ way }) => way === id)) continue;
    for (const width of widths[kind]) {
      const cell = measured.find((one) => one.way === id && one.width === width && one.rate === null);
      const runs = cell?.runs.length ?? 0;
      if (runs < repeats) return `${id} has ${runs} of ${repeats} measurements at ${width}`;
    }
  }
  return null;
}
