/**
 * Work that is done when somebody says that there is some, and now and then in case nobody did: one run after the other,
 * never two, and a call during a run leads to another run. Failures are told, and tried again the next time.
 */
import type { Clock } from '#core/ports/clock.js';
import { createTimers } from '#messaging/timers.js';

export interface WakeableTask {
  start(): void;
  wake(): void;
  /** Begins no further run; resolves when the present one has ended. */
  stop(): Promise<void>;
}

export function createWakeableTask(options: {
  readonly run: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds between runs for which nobody called. */
  readonly everyMs: number;
  readonly clock: Clock;
}): WakeableTask {
  const { run, onFailure, everyMs, clock } = options;
  const timers = createTimers(clock);
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isActive = false;

  async function work(): Promise<void> {
    while (isWanted && isActive) {
      isWanted = false;
      try {
        await run();
      } catch (error) {
        onFailure(error);
      }
    }
    running = undefined;
  }

  function wake(): void {
    isWanted = true;
    if (isActive) running ??= work();
  }

  return {
    wake,
    start() {
      isActive = true;
      wake();
      timers.every(everyMs, wake);
    },
    async stop() {
      isActive = false;
      timers.stop();
      await running;
    },
  };
}
