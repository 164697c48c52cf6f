import { readFileSync, readdirSync } from 'node:fs';

interface FoundProcess {
  readonly pid: number;
  /** Its command line, with spaces. */
  readonly command: string;
}

/**
 * The living processes that were started with this environment variable, and theirs in turn, orphans included. Empty
 * where there is no /proc.
 */
export function processesWith(name: string, value: string): FoundProcess[] {
  const pids = numbersIn('/proc').filter((pid) => {
    const variables = textOf(`/proc/${pid}/environ`).split('\0');
    return variables.includes(`${name}=${value}`);
  });
  return pids.map((pid) => ({ pid, command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

/** Nothing happens when it has ended meanwhile. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was found, and is gone.
  }
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
