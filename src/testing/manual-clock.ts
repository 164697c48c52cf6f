import type { Clock } from '#core/ports/clock.js';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time on and calls what becomes due, in order; what that starts is called too when due. */
  advance(ms: number): void;
  /** When the next timer is due, as `now()` counts; undefined without one. */
  readonly nextAt: number | undefined;
  /** Timers that are neither called nor cancelled. */
  readonly pending: number;
}

/** @param startsAt epoch milliseconds, default 0 */
export function createManualClock(startsAt = 0): ManualClock {
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  let time = startsAt;
  return {
    now: () => time,
    monotonic: () => time,
    after(ms, callback) {
      const timer = { at: time + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = time + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        time = Math.max(time, next.at);
        next.callback();
      }
      time = until;
    },
    get nextAt() {
      let next: number | undefined;
      for (const { at } of timers) if (next === undefined || at < next) next = at;
      return next;
    },
    get pending() {
      return timers.size;
    },
  };
}
