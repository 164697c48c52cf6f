import type { ReportFile } from '../../tools/write-files.js';
import { writeFiles } from '../../tools/write-files.js';
import type { Results } from '../results.js';
import { toFigures } from './figures.js';
import { pageOf } from './page.js';
import { drawPictures } from './pictures.js';
import { whyNotPublished } from './publishable.js';

const page = 'docs/status-benchmark.md';
const folder = 'docs/status-benchmark';

/** What the documentation shows of a run, by path; from these results and nothing else. @throws Error in words why not */
export function documentationOf(results: Results): ReportFile[] {
  const why = whyNotPublished(results);
  if (why !== null) throw new Error(`not published: ${why}`);
  const figures = toFigures(results);
  const pictures = drawPictures(results, figures);
  return [
    { name: page, contents: pageOf(results, { figures, pictures, folder: 'status-benchmark/' }) },
    { name: `${folder}/results.json`, contents: `${JSON.stringify(results)}\n` },
    ...pictures.map(({ name, svg }) => ({ name: `${folder}/${name}`, contents: svg })),
  ];
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  return writeFiles(documentationOf(results));
}
