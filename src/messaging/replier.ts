/**
 * Replier of Request-Reply (https://www.enterpriseintegrationpatterns.com/RequestReply.html): a competing consumer of
 * a request queue. Guarantee: every request ends in exactly one of reply, Fault with a dead letter, deferral, or
 * redelivery to somebody else; the reply has its receipt before the request is acknowledged, so a crash in
 * between answers twice, never not at all. Failure: an error is retried with back-off as a new message with a
 * higher Attempt; while the broker is away a finished reply is kept and sent when it is back, and a redelivery
 * of what is being handled here, or was and could not be acknowledged, does not run it twice. Shutdown: nothing new is begun,
 * signals are aborted, what finishes within the deadline is answered, the rest goes back to the broker.
 */
import { setMaxListeners } from 'node:events';
import type { Destination } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery, MessageSource, Subscription } from '#core/ports/message-source.js';
import type { ControlBus } from './control-bus.js';
import type { DeadLetterChannel } from './dead-letter-channel.js';
import type { Handler } from './handler-run.js';
import { createInFlight } from './in-flight.js';
import { createRequestHandling } from './request-handling.js';
import type { RetryPolicy } from './retry-policy.js';

export interface ReplierOptions {
  readonly channel: MessageChannel;
  readonly source: MessageSource;
  readonly queue: Destination;
  readonly handler: Handler;
  /** Handlers running at the same time; default 10. */
  readonly concurrency?: number;
  /** Requests taken from the broker ahead of time; default = concurrency, and never less. */
  readonly prefetch?: number;
  /** Milliseconds a handler may run; default: until the request expires. */
  readonly timeoutMs?: number;
  readonly retry: RetryPolicy;
  /** Remembers replies by Message-ID, and dead-letters what keeps killing its service. */
  readonly idempotency?: HandledMessages | undefined;
  readonly deadLetters: DeadLetterChannel;
  readonly control: ControlBus;
  /** `{prefix}.status`, where progress goes. */
  readonly status: Destination;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
}

export interface Replier {
  /** Resolves when requests are being received. @throws SUBSCRIBE_REFUSED */
  start(): Promise<void>;
  /** Milliseconds that handlers may finish within; default 25,000. */
  stop(deadlineMs?: number): Promise<void>;
  /** Requests being handled now. */
  readonly running: number;
}

/** Orchestrators kill after 30 s. */
const defaultStopMs = 25_000;
/** Requests that are expected again; beyond it the oldest is forgotten. */
const mostRemembered = 10_000;

function remember(known: Set<string>, key: string): void {
  known.add(key);
  const [oldest] = known;
  if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
}

export function createReplier(options: ReplierOptions): Replier {
  const { source, queue, clock } = options;
  const concurrency = options.concurrency ?? 10;
  const logger = options.logger.child({ queue: queue.name });
  const inFlight = createInFlight(clock);
  const shutdown = new AbortController();
  // As many listeners as requests under way are no leak.
  setMaxListeners(0, shutdown.signal);
  const handling = createRequestHandling({ ...options, logger, shutdown: shutdown.signal });
  /** In the order in which they came; what comes again while it waits takes the place of its stale delivery. */
  const waiting = new Map<string, Delivery>();
  /** By message and attempt, so that a redelivery joins the run under way; the retry of a message does not. */
  const current = new Map<string, { delivery: Delivery; cancel: () => void }>();
  const cancelled = new Set<string>();
  /** Done, but the connection was gone before it could be acknowledged: they will come again, and need no second run. */
  const unacknowledged = new Set<string>();
  const subscriptions: Subscription[] = [];

  function take(delivery: Delivery): void {
    if (shutdown.signal.aborted) return;
    const key = keyOf(delivery.message);
    const same = current.get(key);
    if (unacknowledged.delete(key)) acknowledge(delivery);
    else if (same !== undefined) same.delivery = delivery;
    else if (inFlight.size >= concurrency) waiting.set(key, delivery);
    else void inFlight.run(() => handle(delivery)).then(next);
  }

  function next(): void {
    const [first] = waiting;
    if (first === undefined) return;
    const [key, delivery] = first;
    waiting.delete(key);
    take(delivery);
  }

  async function handle(delivery: Delivery): Promise<void> {
    const { message } = delivery;
    const key = keyOf(message);
    try {
      const run = handling.begin(delivery, cancelled.delete(message.messageId));
      const entry = { delivery, cancel: run.cancel };
      current.set(key, entry);
      if (await run.isDone) acknowledge(entry.delivery);
    } catch (error) {
      // Nothing is acknowledged: the broker will deliver it again, to this process or another.
      logger.error(
        { err: toReplytoError(error), messageId: message.messageId },
        'a request was left to the broker',
      );
    } finally {
      current.delete(key);
    }
  }

  function acknowledge(delivery: Delivery): void {
    if (delivery.acknowledge()) return;
    const { messageId } = delivery.message;
    remember(unacknowledged, keyOf(delivery.message));
    logger.info({ messageId }, 'acknowledged too late: the request will come again');
  }

  function onCancelled(requestId: string): void {
    const entries = [...current.values()].filter(({ delivery }) => delivery.message.messageId === requestId);
    for (const { cancel } of entries) cancel();
    if (entries.length > 0) return;
    remember(cancelled, requestId);
  }

  /** A subscription that comes when this is stopped already would only keep messages from others. */
  async function receive(subscribe: () => Promise<Subscription>): Promise<void> {
    if (hasStopped()) return;
    const subscription = await subscribe();
    if (hasStopped()) await subscription.unsubscribe();
    else subscriptions.push(subscription);
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return shutdown.signal.aborted;
  }

  async function end(deadlineMs?: number): Promise<void> {
    const ended = subscriptions.splice(0);
    await Promise.all(ended.map((subscription) => subscription.unsubscribe(deadlineMs)));
  }

  return {
    async start() {
      const prefetch = Math.max(concurrency, options.prefetch ?? concurrency);
      await receive(() =>
        options.control.subscribe((notice) => {
          if (notice.type === 'cancel') onCancelled(notice.requestId);
        }),
      );
      try {
        await receive(() => source.subscribe(queue, { prefetch, onDelivery: take }));
      } catch (error) {
        await end();
        throw error;
      }
    },
    async stop(deadlineMs = defaultStopMs) {
      const endAt = clock.monotonic() + deadlineMs;
      shutdown.abort('shutting-down');
      waiting.clear();
      await inFlight.idle(deadlineMs);
      await end(Math.max(0, endAt - clock.monotonic()));
      cancelled.clear();
      unacknowledged.clear();
    },
    get running() {
      return inFlight.size;
    },
  };
}

function keyOf({ messageId, properties }: Message): string {
  return `${properties.attempt ?? 1} ${messageId}`;
}
