/**
 * Removes what is past its retention from a store, in small batches: at its start, then every minute. Failure:
 * tried again the next time. Shutdown: at once.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { createTimers } from './timers.js';

export interface StoreSweepOptions {
  readonly stores: readonly Pick<RequestStore, 'sweep'>[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StoreSweep {
  start(): void;
  stop(): void;
}

const sweepEveryMs = 60_000;
const sweepAtOnce = 500;

export function createStoreSweep({ stores, clock, logger }: StoreSweepOptions): StoreSweep {
  const timers = createTimers(clock);

  async function sweep(): Promise<number> {
    try {
      const removed = await Promise.all(stores.map((store) => store.sweep(sweepAtOnce)));
      // The next batch in a later turn: whoever waits for the store comes first.
      return removed.includes(sweepAtOnce) ? 0 : sweepEveryMs;
    } catch (error) {
      logger.warn({ err: error }, 'what is past its retention could not be removed');
      return sweepEveryMs;
    }
  }

  return {
    start: () => timers.repeat(0, sweep),
    stop: () => timers.stop(),
  };
}
