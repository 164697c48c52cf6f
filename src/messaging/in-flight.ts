import type { Clock } from '#core/ports/clock.js';

/** Counts work under way, and lets a stop wait for its end. */
export interface InFlight {
  /** Runs the work and counts it while it runs. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly size: number;
  /** Resolves when nothing is under way, or at the deadline. */
  idle(deadlineMs: number): Promise<void>;
}

export function createInFlight(clock: Clock): InFlight {
  const whenIdle = new Set<() => void>();
  let size = 0;
  return {
    async run(work) {
      size += 1;
      try {
        return await work();
      } finally {
        size -= 1;
        if (size === 0) for (const idle of [...whenIdle]) idle();
      }
    },
    get size() {
      return size;
    },
    idle(deadlineMs) {
      if (size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const cancel = clock.after(deadlineMs, done);
        whenIdle.add(done);
        function done(): void {
          cancel();
          whenIdle.delete(done);
          resolve();
        }
      });
    },
  };
}
