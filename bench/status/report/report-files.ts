import type { ReportFile } from '../../tools/write-files.js';
import type { Results } from '../results.js';
import { toFigures } from './figures.js';
import { pageOf } from './page.js';
import { drawPictures } from './pictures.js';

/** The page, which looks for its pictures in `pictures` (empty: beside itself), and the pictures. */
export function reportFiles(results: Results): ReportFile[] {
  const figures = toFigures(results);
  const pictures = drawPictures(results, figures);
  return [
    { name: 'report.md', contents: pageOf(results, { figures, pictures, folder: '' }) },
    ...pictures.map(({ name, svg }) => ({ name, contents: svg })),
  ];
}
