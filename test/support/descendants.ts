import { readFileSync, readdirSync } from 'node:fs';

/**
 * Ids of the living processes that were started with this environment variable, and of theirs in turn, orphans included.
 * Empty where there is no /proc.
 */
export function processesWith(name: string, value: string): number[] {
  return numbersIn('/proc').filter((pid) => {
    const variables = textOf(`/proc/${pid}/environ`).split('\0');
    return variables.includes(`${name}=${value}`);
  });
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
}

/** A process that is gone or a zombie has none. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
