import { readFileSync } from 'node:fs';

/** Parameters of the commands. @throws Error that names the parameter, what was given, and what is allowed */
export function readCount(flag: string, text: string, { min, max }: Bounds): number {
  const count = Number(text);
  if (!/^\d+$/u.test(text) || count < min || count > max) {
    throw new Error(
      `${flag} ${text}: a whole number from ${min} to ${max.toLocaleString('en-US')} is allowed`,
    );
  }
  return count;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Minutes, one digit below ten. */
export function inMinutes(ms: number): string {
  return (ms / 60_000).toFixed(ms < 600_000 ? 1 : 0);
}

/** Of results, when nobody names one: by kind and time. */
export function defaultFolder(kind: string): string {
  return `bench-results/${kind}-${new Date().toISOString().replaceAll(':', '-')}`;
}

/** What a command does that measures nothing: it tells its help, or publishes results. False: it is to measure. */
export function answersAtOnce(
  given: { readonly help: boolean; readonly publish?: string | undefined },
  how: { readonly help: string; readonly publish: (text: string, name: string) => readonly string[] },
): boolean {
  if (given.help) console.log(how.help);
  else if (given.publish === undefined) return false;
  else for (const path of how.publish(readFileSync(given.publish, 'utf8'), given.publish)) console.log(path);
  return true;
}
