/**
 * How long something has been away, and from that how long it may stay so: as long again. Nobody knows more of a broker or a
 * store that somebody else starts again.
 */
import type { Clock } from '#core/ports/clock.js';

export interface Outage {
  /** To be told now and then, and at each use. */
  sees(isAway: boolean): void;
  /** Milliseconds that it may go on, 0 when it is not away. */
  expectedMs(): number;
}

/** One that has only just begun is mostly a restart. */
const leastMs = 2_000;

export function createOutage(clock: Pick<Clock, 'monotonic'>): Outage {
  let since: number | undefined;
  return {
    sees(isAway) {
      if (!isAway) since = undefined;
      else since ??= clock.monotonic();
    },
    expectedMs: () => (since === undefined ? 0 : Math.max(leastMs, clock.monotonic() - since)),
  };
}
