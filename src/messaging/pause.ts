import type { Clock } from '#core/ports/clock.js';

/** Resolves after `ms`, or as soon as one of the signals is aborted. */
export function pause(clock: Clock, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done);
    for (const signal of signals) signal.addEventListener('abort', done);
    function done(): void {
      cancel();
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
