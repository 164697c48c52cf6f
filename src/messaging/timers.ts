import type { Clock } from '#core/ports/clock.js';

/** The timers of one part of the program: all of them end with it. */
export interface Timers {
  /** Runs `task` once after `ms`, unless stopped before. */
  after(ms: number, task: () => void): void;
  /**
   * Runs `task` after `ms`, and again after as many as it gives: one run after the other, never two. It handles its failures.
   */
  repeat(ms: number, task: () => Promise<number>): void;
  /** Runs `task` every `ms`; an asynchronous task is awaited before the next turn. Failures are its own affair. */
  every(ms: number, task: () => Promise<void> | void): void;
  stop(): void;
}

export function createTimers(clock: Clock): Timers {
  const pending = new Set<() => void>();
  let stopped = false;

  function after(ms: number, task: () => void): void {
    if (stopped) return;
    const cancel = clock.after(ms, () => {
      pending.delete(cancel);
      task();
    });
    pending.add(cancel);
  }

  function repeat(ms: number, task: () => Promise<number>): void {
    after(ms, () => void task().then((nextMs) => repeat(nextMs, task)));
  }

  function every(ms: number, task: () => Promise<void> | void): void {
    after(ms, () => {
      void Promise.resolve(task()).finally(() => every(ms, task));
    });
  }

  return {
    after,
    repeat,
    every,
    stop() {
      stopped = true;
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
