/**
 * Polling Consumer (https://www.enterpriseintegrationpatterns.com/PollingConsumer.html): hands the messages of a queue
 * to whoever asks for one, one to each, over a protocol that only pushes. A queue is subscribed to with the first call
 * for it and let go a moment after the last one, so that a caller who asks in a loop keeps its subscription, and what
 * nobody wants is the broker's again. Nothing is acknowledged here: a message belongs to the broker until the caller
 * acknowledges it. Failure: a broker that refuses the subscription is told to all who wait. Shutdown: whoever waits
 * gets nothing, and what was not taken goes back.
 */
import { createDeferred } from '#core/deferred.js';
import { queue } from '#core/destination.js';
import { ReplytoError, toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery, MessageSource, Subscription } from '#core/ports/message-source.js';
import { createNameShares } from './name-shares.js';

export interface PollingConsumerOptions {
  readonly source: MessageSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the broker is there now. */
  readonly isUp: () => boolean;
  /** Queues that are read at the same time; each has a connection of its own. Default 200. */
  readonly maxQueues?: number;
}

interface ReceiveOptions {
  /** Milliseconds; a queue that was not being read is looked at for a quarter of a second in any case. */
  readonly waitMs: number;
  /** Ends the wait, with null. */
  readonly signal: AbortSignal;
  /** Who asks; a queue counts as read by the name that began it. Null where nobody has a name. */
  readonly holder: string | null;
}

/** A message of which its caller calls either method, once; until then its subscription is kept. */
export interface PolledDelivery {
  readonly delivery: Delivery;
  acknowledge(): void;
  /** Hands it to the next caller, or to the broker when there is none. */
  giveBack(): void;
}

export interface PollingConsumer {
  /**
   * The next message of a queue; null when none came in time.
   *
   * @throws TOO_MANY_WAITING, SUBSCRIBE_REFUSED; BROKER_UNAVAILABLE when the subscription could not be made in time
   */
  receive(queueName: string, options: ReceiveOptions): Promise<PolledDelivery | null>;
  stop(deadlineMs: number): Promise<void>;
  /** Queues that are subscribed to. */
  readonly queues: number;
}

/** A message that is there needs a moment to come after its subscription. */
const shortestLookMs = 250;
/** How long a subscription outlives the last call for its queue. */
const lingerMs = 1_000;
/** One message ahead: whoever else reads the queue gets the others. */
const prefetch = 1;

/** Called with a message, or with null when there will be none. */
type Waiter = (delivery: Delivery | null) => void;

/** One queue that is being read. */
interface Reader {
  /** Resolves when the subscription is there. */
  readonly subscription: Promise<Subscription>;
  readonly waiters: Set<Waiter>;
  /** Came when nobody waited. */
  readonly unclaimed: Delivery[];
  isSubscribed: boolean;
  /** Ends a subscription that has not begun. */
  readonly giveUp: AbortController;
  /** Handed out, and neither acknowledged nor given back yet. */
  taken: number;
  cancelLinger: () => void;
  /** Gives its place among the queues that are read back. */
  readonly giveBackPlace: () => void;
}

export function createPollingConsumer(options: PollingConsumerOptions): PollingConsumer {
  const { source, clock, logger, isUp, maxQueues = 200 } = options;
  const readers = new Map<string, Reader>();
  const places = createNameShares({ limit: maxQueues, what: 'queues are being read' });
  const closing = new Set<Promise<void>>();
  let stopped = false;

  function readerOf(name: string, holder: string | null): Reader {
    const present = readers.get(name);
    if (present !== undefined) return present;
    const refusal = places.refusal(holder);
    if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
    const giveUp = new AbortController();
    const reader: Reader = {
      giveUp,
      subscription: source.subscribe(queue(name), {
        prefetch,
        giveUp: giveUp.signal,
        onDelivery: (delivery) => offer(reader, delivery),
      }),
      waiters: new Set(),
      unclaimed: [],
      isSubscribed: false,
      taken: 0,
      cancelLinger: () => undefined,
      giveBackPlace: places.take(holder),
    };
    readers.set(name, reader);
    reader.subscription.then(
      () => {
        reader.isSubscribed = true;
        leaveLater(name, reader);
      },
      (error: unknown) => {
        forget(name, reader);
        if (!stopped && !giveUp.signal.aborted)
          logger.warn({ err: error, queue: name }, 'a queue could not be read');
      },
    );
    return reader;
  }

  function offer({ waiters, unclaimed }: Reader, delivery: Delivery): void {
    const [waiter] = waiters;
    if (waiter === undefined) {
      unclaimed.push(delivery);
      return;
    }
    waiters.delete(waiter);
    waiter(delivery);
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return stopped;
  }

  async function receive(
    name: string,
    { waitMs, signal, holder }: ReceiveOptions,
  ): Promise<PolledDelivery | null> {
    if (stopped) return null;
    const reader = readerOf(name, holder);
    reader.cancelLinger();
    try {
      const delivery = reader.unclaimed.shift() ?? (await nextOf(reader, waitMs, signal));
      if (delivery !== null) return handOut(name, reader, delivery);
      if (signal.aborted || hasStopped() || (reader.isSubscribed && isUp())) return null;
      throw new ReplytoError('BROKER_UNAVAILABLE', { detail: `${name} cannot be read at present` });
    } finally {
      leaveLater(name, reader);
    }
  }

  function handOut(name: string, reader: Reader, delivery: Delivery): PolledDelivery {
    reader.taken += 1;
    const done = (): void => {
      reader.taken -= 1;
      leaveLater(name, reader);
    };
    return {
      delivery,
      acknowledge() {
        delivery.acknowledge();
        done();
      },
      giveBack() {
        // Without its subscription it is the broker's already.
        if (readers.get(name) === reader) offer(reader, delivery);
        done();
      },
    };
  }

  function nextOf(reader: Reader, waitMs: number, signal: AbortSignal): Promise<Delivery | null> {
    const next = createDeferred<Delivery | null>();
    const waiter = (delivery: Delivery | null): void => next.resolve(delivery);
    const nothing = (): void => {
      // At once: a message that comes now is for somebody else.
      reader.waiters.delete(waiter);
      next.resolve(null);
    };
    const cancel = clock.after(Math.max(waitMs, shortestLookMs), nothing);
    reader.waiters.add(waiter);
    signal.addEventListener('abort', nothing);
    if (signal.aborted) nothing();
    reader.subscription.catch((error: unknown) => next.reject(toReplytoError(error)));
    return next.promise.finally(() => {
      reader.waiters.delete(waiter);
      cancel();
      signal.removeEventListener('abort', nothing);
    });
  }

  function leaveLater(name: string, reader: Reader): void {
    reader.cancelLinger();
    if (reader.waiters.size > 0 || reader.taken > 0 || stopped) return;
    if (!reader.isSubscribed) {
      // Whoever asks again begins anew, and hears what is wrong then.
      forget(name, reader);
      reader.giveUp.abort();
      return;
    }
    reader.cancelLinger = clock.after(lingerMs, () => leave(name, reader));
  }

  function forget(name: string, reader: Reader): void {
    if (readers.get(name) === reader) readers.delete(name);
    reader.giveBackPlace();
  }

  function leave(name: string, reader: Reader, deadlineMs?: number): void {
    if (readers.get(name) !== reader) return;
    forget(name, reader);
    reader.cancelLinger();
    const ended = end(reader, deadlineMs)
      .catch((error: unknown) => logger.warn({ err: error, queue: name }, 'a queue could not be left'))
      .finally(() => closing.delete(ended));
    closing.add(ended);
  }

  async function end({ subscription, unclaimed }: Reader, deadlineMs?: number): Promise<void> {
    unclaimed.splice(0);
    await (await subscription).unsubscribe(deadlineMs);
  }

  return {
    receive,
    async stop(deadlineMs) {
      stopped = true;
      for (const [name, reader] of readers) {
        for (const waiter of reader.waiters) waiter(null);
        reader.waiters.clear();
        if (reader.isSubscribed) leave(name, reader, deadlineMs);
        else reader.giveUp.abort();
      }
      readers.clear();
      await Promise.all(closing);
    },
    get queues() {
      return readers.size;
    },
  };
}
