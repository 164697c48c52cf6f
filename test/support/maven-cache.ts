/**
 * What Maven fetched, kept under node_modules/.cache. A folder appears there by rename and only when it is complete, so
 * two processes may ask at once and a broken download leaves nothing behind that looks whole.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './process.js';

const commandWithinMs = 180_000;

/** Whether `java` can be run here. */
export async function hasJava(): Promise<boolean> {
  return (await runCommand('java', ['-version'])).ok;
}

/** Runs Maven; why it failed, in a line, or null. At most three minutes. */
export async function runMaven(parameters: readonly string[], cwd: string): Promise<string | null> {
  const { ok, output } = await runCommand('mvn', ['-B', '-q', ...parameters], cwd);
  if (ok) return null;
  return output.split('\n').find((line) => line.includes('ERROR')) ?? output.slice(0, 200);
}

/**
 * The cached folder of that name. `fill` makes its contents in an empty folder when it is not there yet, and resolves
 * with why it could not, or null.
 */
export async function cachedFromMaven(
  name: string,
  fill: (folder: string) => Promise<string | null>,
): Promise<{ readonly folder: string } | { readonly unavailable: string }> {
  if (!(await hasJava())) return { unavailable: 'no java on the path' };
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/${name}`, import.meta.url));
  if (existsSync(folder)) return { folder };
  if (!(await runCommand('mvn', ['-v'])).ok) return { unavailable: 'no mvn on the path' };

  await mkdir(dirname(folder), { recursive: true });
  const building = await mkdtemp(`${folder}-building-`);
  try {
    const failure = await fill(building);
    if (failure !== null) return { unavailable: `mvn could not fetch ${name}: ${failure}` };
    try {
      await rename(building, folder);
    } catch (error) {
      // Another process was faster: its folder is as good.
      if (!existsSync(folder)) throw error;
    }
    return { folder };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** Runs a command to its end; a command that is not there is no success. */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  cwd?: string,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const child = startProcess(command, parameters, cwd === undefined ? {} : { cwd });
  const timer = setTimeout(() => child.kill('SIGKILL'), commandWithinMs);
  const { code } = await child.exited;
  clearTimeout(timer);
  return { ok: code === 0, output: child.output() };
}
