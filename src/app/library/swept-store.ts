import type { Store } from '#adapters/store/store.js';
import type { Clock } from '#core/ports/clock.js';
import { silentLogger } from '#core/ports/logger.js';
import { createStoreSweep } from '#messaging/store-sweep.js';
import { systemClock } from '../system-clock.js';

/** The machine's time; its timers do not keep the process alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * The store, which from now on removes by itself what is past its retention, until it is closed. A sweep that fails
 * is not told: whoever uses the store hears the same.
 */
export function toSweptStore(store: Store, clock: Clock = backgroundClock): Store {
  const sweep = createStoreSweep({ stores: [store.requests, store.events], clock, logger: silentLogger });
  sweep.start();
  return {
    ...store,
    async close() {
      sweep.stop();
      await store.close();
    },
  };
}
