import type { Clock } from '#core/ports/clock.js';
import { systemClock } from '#app/system-clock.js';

/** The machine's clock, on which time passes so many times as fast: for what waits for seconds beside a real socket. */
export function hurriedClock(times: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * times,
    after: (ms, callback) => systemClock.after(ms / times, callback),
  };
}
