/**
 * Consumes one of the product's own queues into the store: a delivery is acknowledged after `handle` has
 * committed, never before. While the store is away nothing is acknowledged and every delivery is tried
 * again; after 10 s the subscription ends, so that what is held here goes to other instances, and it is made
 * again when the store answers. What can never be stored is kept as an invalid message.
 */
import type { Destination } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery, MessageSource, Subscription } from '#core/ports/message-source.js';
import { createInFlight } from './in-flight.js';
import { createTimers } from './timers.js';

export interface GuardedConsumerOptions<R = void> {
  readonly source: MessageSource;
  readonly destination: Destination;
  readonly prefetch: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves after the commit; rejects with an error of the store when it is away. */
  readonly handle: (delivery: Delivery) => Promise<R>;
  /** Keeps what `handle` rejects with any other error: it would come back for ever. Rejects as `handle` does. */
  readonly keepInvalid: (delivery: Delivery, reason: string) => Promise<void>;
  /**
   * Called after each acknowledgement, with what `handle` gave (undefined when `keepInvalid` kept it) and the milliseconds
   * since the delivery, pauses of an away store included.
   */
  readonly onDone?: (result: R | undefined, tookMs: number) => void;
  /** Resolves when the store answers. */
  readonly checkStore: () => Promise<void>;
}

export interface GuardedConsumer {
  /** Resolves when the subscription is there; until the broker answers that may take long. */
  start(): Promise<void>;
  /** Finishes what is being handled, at most until the deadline; the rest goes back to the broker. */
  stop(deadlineMs: number): Promise<void>;
}

const retryMs = 500;
const giveUpAfterMs = 10_000;

export function createGuardedConsumer<R = void>(options: GuardedConsumerOptions<R>): GuardedConsumer {
  const { source, destination, prefetch, clock, handle } = options;
  const logger = options.logger.child({ queue: destination.name });
  const timers = createTimers(clock);
  const inFlight = createInFlight(clock);
  /** Raised by every new subscription: deliveries of an older one are the broker's again. */
  let epoch = 0;
  let stopped = false;
  let storeAwaySince: number | undefined;
  let subscription: Subscription | undefined;

  async function subscribe(): Promise<void> {
    const from = epoch;
    const made = await source.subscribe(destination, {
      prefetch,
      onDelivery: (delivery) => void decide(delivery, from, clock.monotonic()),
    });
    if (stopped) await made.unsubscribe();
    else subscription = made;
  }

  async function decide(delivery: Delivery, from: number, deliveredAt: number): Promise<void> {
    if (stopped || from !== epoch) return;
    try {
      await inFlight.run(async () => {
        const result = await handleOrKeep(delivery);
        storeAwaySince = undefined;
        // Within the run, so that a stop does not end the subscription before its acknowledgements.
        delivery.acknowledge();
        options.onDone?.(result, clock.monotonic() - deliveredAt);
      });
    } catch (error) {
      tryAgain(error, () => void decide(delivery, from, deliveredAt));
    }
  }

  async function handleOrKeep(delivery: Delivery): Promise<R | undefined> {
    try {
      return await handle(delivery);
    } catch (error) {
      const failure = toReplytoError(error);
      if (failure.category === 'store') throw failure;
      const { messageId } = delivery.message;
      logger.error({ err: error, messageId }, 'a message cannot be stored');
      await options.keepInvalid(delivery, `it cannot be stored: ${failure.message}`);
      return undefined;
    }
  }

  function tryAgain(error: unknown, again: () => void): void {
    if (stopped) return;
    if (storeAwaySince === undefined) {
      storeAwaySince = clock.monotonic();
      logger.error(
        { err: toReplytoError(error) },
        'the store does not take messages; nothing is acknowledged',
      );
    }
    if (clock.monotonic() - storeAwaySince >= giveUpAfterMs) void giveBack();
    else timers.after(retryMs, again);
  }

  /** Ends the subscription, so that the broker has the messages again, until the store answers. */
  async function giveBack(): Promise<void> {
    const given = subscription;
    if (given === undefined) return;
    subscription = undefined;
    epoch += 1;
    logger.warn({}, 'the store is away: the messages go back to the broker');
    await given.unsubscribe();
    awaitStore();
  }

  function awaitStore(): void {
    timers.after(retryMs, () => {
      options.checkStore().then(
        () => {
          storeAwaySince = undefined;
          logger.info({}, 'the store answers again');
          subscribe().catch((error: unknown) => {
            logger.error({ err: error }, 'cannot subscribe again');
            awaitStore();
          });
        },
        () => awaitStore(),
      );
    });
  }

  return {
    start: subscribe,
    async stop(deadlineMs) {
      const endAt = clock.monotonic() + deadlineMs;
      stopped = true;
      timers.stop();
      await inFlight.idle(deadlineMs);
      await subscription?.unsubscribe(Math.max(0, endAt - clock.monotonic()));
    },
  };
}
