import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of a report, by its path from the folder of all. */
export interface ReportFile {
  readonly name: string;
  readonly contents: string;
}

/** Writes them, and makes the folders that they need. Returns their names. */
export function writeFiles(files: readonly ReportFile[], folder = '.'): string[] {
  return files.map(({ name, contents }) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    return name;
  });
}
