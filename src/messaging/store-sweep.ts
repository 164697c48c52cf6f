/**
 * Removes what is past its retention from a store, in small batches with rests between them: at its start, then every minute. Failure:
 * tried again the next time. Shutdown: at once.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { createBatchPace } from './batch-pace.js';
import { createTimers } from './timers.js';

type Sweepable = Pick<RequestStore, 'sweep'>;

export interface StoreSweepOptions {
  readonly stores: readonly Sweepable[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StoreSweep {
  start(): void;
  stop(): void;
}

const sweepEveryMs = 60_000;
const sizes = { least: 25, most: 500 };

export function createStoreSweep({ stores, clock, logger }: StoreSweepOptions): StoreSweep {
  const timers = createTimers(clock);

  /** Each by itself: one batch takes as long as it takes, and tells its own pace. */
  function sweepAll(store: Sweepable): () => Promise<number> {
    const pace = createBatchPace(sizes);
    return async () => {
      try {
        const { size } = pace;
        const beganAt = clock.monotonic();
        const removed = await store.sweep(size);
        const restMs = pace.rest(clock.monotonic() - beganAt, removed);
        return removed >= size ? restMs : sweepEveryMs;
      } catch (error) {
        logger.warn({ err: error }, 'what is past its retention could not be removed');
        return sweepEveryMs;
      }
    };
  }

  return {
    start() {
      for (const store of stores) timers.repeat(0, sweepAll(store));
    },
    stop: () => timers.stop(),
  };
}
