/** Waits of those who kill: for work that goes on, or for a while that chance gave. */
import { until } from '../../support/until.js';
import type { Scene } from './row.js';

const withinMs = 120_000;

/** Waits until so many more requests were accepted. */
export function untilMore(scene: Scene, count: number): Promise<void> {
  return untilGrown(scene, () => scene.load.accepted(), { count, what: 'accepted requests' });
}

/** Waits until so many more requests were answered. */
export function untilMoreAnswers(scene: Scene, count: number): Promise<void> {
  return untilGrown(scene, () => scene.load.answered(), { count, what: 'answers' });
}

async function untilGrown(
  { signal }: Scene,
  read: () => number,
  { count, what }: { readonly count: number; readonly what: string },
): Promise<void> {
  const goal = read() + count;
  // Whoever ends the run does not wait for the deadline.
  await until(() => signal.aborted || read() >= goal, { what: `${count} more ${what}`, withinMs });
  signal.throwIfAborted();
}

/** So long a part is away. */
export async function awayFor(ms: number, signal: AbortSignal): Promise<void> {
  const endAt = performance.now() + ms;
  await until(() => signal.aborted || performance.now() >= endAt, {
    what: 'the end of a while',
    withinMs: ms + withinMs,
  });
  signal.throwIfAborted();
}
