import type { Picture } from '../../tools/report-files.js';
import { filesOfRun } from '../../tools/report-files.js';
import type { ReportFile } from '../../tools/write-files.js';
import type { Results } from '../results.js';
import { toFigures } from './figures.js';
import { pageOf } from './page.js';
import { drawPictures } from './pictures.js';

/** The page, which looks for its pictures beside itself, and the pictures. */
export function reportFiles(results: Results): ReportFile[] {
  return filesOfRun(...shown(results));
}

/** The page, by the folder of its pictures, and the pictures. */
export function shown(results: Results): [page: (folder: string) => string, pictures: readonly Picture[]] {
  const figures = toFigures(results);
  const pictures = drawPictures(results, figures);
  return [(folder) => pageOf(results, { figures, pictures, folder }), pictures];
}
