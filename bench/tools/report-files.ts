/** The files that show results: beside those of the run, and as a page of the documentation. */
import type { ReportFile } from './write-files.js';

export interface Picture {
  /** Of its file. */
  readonly name: string;
  readonly svg: string;
}

/** `folder`: where the page finds its pictures, with a slash behind; empty: beside itself. */
type PageIn = (folder: string) => string;

export function filesOfRun(page: PageIn, pictures: readonly Picture[]): ReportFile[] {
  return [
    { name: 'report.md', contents: page('') },
    ...pictures.map(({ name, svg }) => ({ name, contents: svg })),
  ];
}

/** `docs/NAME.md`, and beside it a folder with the pictures and the results, of which the page is made again. */
export function filesOfPage(
  name: string,
  results: object,
  page: PageIn,
  pictures: readonly Picture[] = [],
): ReportFile[] {
  return [
    { name: `docs/${name}.md`, contents: page(`${name}/`) },
    { name: `docs/${name}/results.json`, contents: `${JSON.stringify(results)}\n` },
    ...pictures.map((picture) => ({ name: `docs/${name}/${picture.name}`, contents: picture.svg })),
  ];
}
