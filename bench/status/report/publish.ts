import { mkdirSync, writeFileSync } from 'node:fs';
import type { Results } from '../results.js';
import { pageOf } from './page.js';
import { drawPictures } from './pictures.js';
import type { ReportFile } from './report-files.js';

const page = 'docs/status-benchmark.md';
const folder = 'docs/status-benchmark';

/** What the documentation shows of a run, by path; from these results and nothing else. */
export function documentationOf(results: Results): ReportFile[] {
  if (results.size === 'smoke') throw new Error('a smoke run has no figures that are worth reading');
  const pictures = drawPictures(results);
  return [
    { name: page, contents: pageOf(results, { pictures, folder: 'status-benchmark/' }) },
    { name: `${folder}/results.json`, contents: `${JSON.stringify(results)}\n` },
    ...pictures.map(({ name, svg }) => ({ name: `${folder}/${name}`, contents: svg })),
  ];
}

/** Writes it; the paths. */
export function publish(results: Results): string[] {
  const files = documentationOf(results);
  mkdirSync(folder, { recursive: true });
  for (const { name, contents } of files) writeFileSync(name, contents);
  return files.map(({ name }) => name);
}
