/** Memory of a gateway under a steady load, for minutes: whether it stays where it is. */
import { nowUs, pause } from '../tools/clock.js';
import { unlessAborted } from '../tools/interruption.js';
import { memoryBytes } from '../tools/memory.js';
import { mostOf } from './plan.js';
import type { Plan } from './plan.js';
import type { MemoryRun } from './results.js';
import { startWay } from './running-way.js';
import type { System } from './system.js';
import type { Way } from './ways.js';
import { ways } from './ways.js';

export type MemoryOptions = Pick<Plan, 'minutes' | 'widths' | 'ways'> & {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

const everyMs = 1_000;
const noticeUs = 500_000;

/** The gateway that is watched: the one of the aims where it takes part, else another. Undefined without any. */
function watchedOf(asked: readonly Way[], { classic }: System): Way | undefined {
  const gateways = asked.filter(({ subject }) => subject.is === 'gateway');
  const wanted = classic === null ? 'embedded-sqlite' : 'classic-sqlite';
  return gateways.find(({ id }) => id === wanted) ?? gateways[0] ?? ways.find(({ id }) => id === wanted);
}

/** Null when no gateway is there to be watched. */
export async function watchMemory(
  system: System,
  { minutes, widths, ways: asked, signal, say }: MemoryOptions,
): Promise<MemoryRun | null> {
  const way = watchedOf(asked, system);
  if (way === undefined) return null;
  const width = mostOf(widths.http);
  say(`memory for ${minutes} minutes: ${way.title}`);
  const running = await startWay(system, way, { signal });
  try {
    const windowMs = minutes * 60_000;
    const startsAt = nowUs() + noticeUs;
    const loading = running.load({ width, rate: null, startsAt, warmUpMs: 0, windowMs });
    // It is awaited below, and a failure before that ends the samples.
    let isOver = false;
    loading.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    const samples: number[] = [];
    const stopped = (): boolean => isOver || nowUs() >= startsAt + windowMs * 1_000;
    while (!stopped() && !signal.aborted) {
      await pause(everyMs, signal);
      const bytes = memoryBytes(running.subjectPid);
      if (bytes !== null) samples.push(bytes);
    }
    const { replied, failures } = await unlessAborted(loading, signal);
    return { ...{ way: way.id, width, minutes, everyMs, samples, replied, failures } };
  } finally {
    await running.stop();
  }
}
