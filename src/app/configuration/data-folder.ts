import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Finding } from '#schema/problems.js';

/**
 * A file stands where the data folder, or a folder above it, should be; what else keeps it from being made the start
 * finds out. `startsAt`: where a relative path does.
 */
export function dataFolderFindings(value: string, startsAt: string): Finding[] {
  const folder = resolve(startsAt, value);
  const file = fileInPlaceOf(folder);
  if (file === undefined) return [];
  return [
    {
      path: ['dataDir'],
      value,
      allowed: file === folder ? 'a folder; this is a file' : `a folder; ${file} is a file`,
    },
  ];
}

function fileInPlaceOf(place: string): string | undefined {
  const parent = dirname(place);
  try {
    return statSync(place).isDirectory() ? undefined : place;
  } catch {
    return parent === place ? undefined : fileInPlaceOf(parent);
  }
}
