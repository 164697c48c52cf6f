/**
 * Message Expiration (https://www.enterpriseintegrationpatterns.com/MessageExpiration.html), kept by the store and
 * not by the broker: ends requests whose deadline has passed, tells their waiters, and lets the Fault for
 * their Reply-To queue go. A reply that comes afterwards is still kept, as late. Also removes what is past its
 * retention, in small batches. Failure: tried again at the next look. Shutdown: at once.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestWatch } from './request-watch.js';
import { createTimers } from './timers.js';

export interface MessageExpirationOptions {
  readonly store: RequestStore;
  readonly watch: RequestWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Called after a commit that queued Faults for Reply-To queues. */
  readonly onForward: () => void;
  /** Called for each request that ended. */
  readonly onEnded: () => void;
}

export interface MessageExpiration {
  start(): void;
  stop(): void;
}

const lookEveryMs = 250;
const expireAtOnce = 500;
const sweepEveryMs = 60_000;
const sweepAtOnce = 500;

export function createMessageExpiration(options: MessageExpirationOptions): MessageExpiration {
  const { store, watch, clock, logger, meter } = options;
  const timers = createTimers(clock);

  async function expire(): Promise<void> {
    const expired = await store.expireDue(expireAtOnce);
    for (const record of expired) {
      meter.count('requests-expired');
      options.onEnded();
      watch.notify({ record, reply: null });
    }
    if (expired.some(({ replyTo }) => replyTo !== null)) options.onForward();
    if (expired.length === expireAtOnce) await expire();
  }

  async function sweep(): Promise<void> {
    const removed = await store.sweep(sweepAtOnce);
    // The next batch in a later turn: callers come first.
    if (removed === sweepAtOnce) timers.after(0, () => void logged('sweep', sweep));
  }

  async function logged(task: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error, task }, 'the store could not be tidied');
    }
  }

  return {
    start() {
      timers.every(lookEveryMs, () => logged('expire', expire));
      timers.every(sweepEveryMs, () => logged('sweep', sweep));
    },
    stop: () => timers.stop(),
  };
}
