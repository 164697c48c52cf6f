/**
 * Message Expiration (https://www.enterpriseintegrationpatterns.com/MessageExpiration.html), kept by the store and
 * not by the broker: ends requests whose deadline has passed, tells their waiters, and lets the Fault for
 * their Reply-To queue go. A reply that comes afterwards is still kept, as late. Failure: tried again at the next
 * look. Shutdown: at once.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { createBatchPace } from './batch-pace.js';
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
  readonly onEnded: (record: RequestRecord) => void;
}

export interface MessageExpiration {
  start(): void;
  stop(): void;
}

const lookEveryMs = 250;
/** How many the store ends in one transaction; nobody else is served meanwhile. */
const sizes = { least: 25, most: 200 };

export function createMessageExpiration(options: MessageExpirationOptions): MessageExpiration {
  const { store, watch, clock, logger, meter } = options;
  const timers = createTimers(clock);
  const pace = createBatchPace(sizes);

  /** Resolves with the milliseconds until the next look: calls, receipts and heart-beats have their turn in between. */
  async function expire(): Promise<number> {
    const { size } = pace;
    const beganAt = clock.monotonic();
    const expired = await store.expireDue(size);
    for (const record of expired) {
      meter.count('requests-expired');
      options.onEnded(record);
      watch.notify({ record, reply: null });
    }
    if (expired.some(({ replyTo }) => replyTo !== null)) options.onForward();
    const restMs = pace.rest(clock.monotonic() - beganAt, expired.length);
    return expired.length >= size ? restMs : lookEveryMs;
  }

  async function look(): Promise<number> {
    try {
      return await expire();
    } catch (error) {
      logger.warn({ err: error }, 'what is past its deadline could not be ended');
      return lookEveryMs;
    }
  }

  return {
    start: () => timers.repeat(lookEveryMs, look),
    stop: () => timers.stop(),
  };
}
