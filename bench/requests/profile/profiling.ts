/** Runs a way under the profiler of V8 with one load on it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { nowUs } from '../../tools/clock.js';
import { unlessAborted } from '../../tools/interruption.js';
import type { ProfileResult } from '../results.js';
import { startWay } from '../running-way.js';
import type { System } from '../system.js';
import type { Way } from '../ways.js';
import { createPlaces } from './places.js';
import type { CpuProfile } from './summary.js';
import { summarize } from './summary.js';

export interface ProfilingOptions {
  readonly width: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly signal: AbortSignal;
}

export interface Profiled {
  readonly result: ProfileResult;
  /** As V8 writes it, for the tools of browsers and editors. */
  readonly file: string;
}

const noticeUs = 200_000;

export async function profileWay(
  system: System,
  way: Way,
  { width, warmUpMs, windowMs, signal }: ProfilingOptions,
): Promise<Profiled> {
  const folder = await makeTemporaryFolder();
  try {
    const subjectFlags = ['--cpu-prof', `--cpu-prof-dir=${folder.path}`];
    const running = await startWay(system, way, { signal, subjectFlags });
    const startsAt = nowUs() + noticeUs + warmUpMs * 1_000;
    try {
      const load = { width, rate: null, startsAt, warmUpMs, windowMs };
      await unlessAborted(running.load(load), signal);
    } finally {
      // It writes its profile when it ends.
      await running.stop();
    }
    // A thread beside the main one, such as that of a loader, has a file of its own.
    const name = readdirSync(folder.path).find((one) => one.includes(`.${running.subjectPid}.0.`));
    if (name === undefined) throw new Error(`${way.title} has written no profile`);
    const file = readFileSync(join(folder.path, name), 'utf8');
    const window = { from: startsAt, to: startsAt + windowMs * 1_000 };
    const summary = summarize(JSON.parse(file) as CpuProfile, window, createPlaces(process.cwd()));
    return { file, result: { way: way.id, width, ...summary } };
  } finally {
    await folder.remove();
  }
}
