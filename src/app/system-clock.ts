import type { Clock } from '#core/ports/clock.js';

/** The longest delay that setTimeout knows; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout;
    function wait(leftMs: number): void {
      if (leftMs <= longestTimerMs) timer = setTimeout(callback, leftMs);
      else timer = setTimeout(() => wait(leftMs - longestTimerMs), longestTimerMs);
    }
    wait(ms);
    return () => clearTimeout(timer);
  },
};
