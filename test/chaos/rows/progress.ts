import { until } from '../../support/until.js';
import type { Scene } from './row.js';

const withinMs = 120_000;

/** Waits until so many more requests were accepted. */
export async function untilMore({ load, signal }: Scene, count: number): Promise<void> {
  const goal = load.accepted() + count;
  await until(
    () => {
      // Whoever ends the run does not wait for the deadline.
      if (signal.aborted) return true;
      return load.accepted() >= goal;
    },
    { what: `${count} more accepted requests`, withinMs },
  );
  signal.throwIfAborted();
}
