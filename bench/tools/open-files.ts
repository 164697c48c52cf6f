import { readFileSync } from 'node:fs';

/** How many files a process like this one may have open, connections included; null where the system does not say. */
export function openFilesLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/mu.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
