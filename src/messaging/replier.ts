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
import { attemptOf } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery, MessageSource, Subscription } from '#core/ports/message-source.js';
import { silentTracer } from '#core/ports/tracer.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { ControlBus } from './control-bus.js';
import type { DeadLetterChannel } from './dead-letter-channel.js';
import type { Handler } from './handler-run.js';
import { createInFlight } from './in-flight.js';
import { createRequestHandling } from './request-handling.js';
import type { RetryPolicy } from './retry-policy.js';
import { createTracedHandling } from './traced-handling.js';

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
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
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
/** Copies of one request under way that are remembered, each with its connection. */
const mostCopies = 100;
/** Requests that are expected again; beyond it the oldest is forgotten. */
const mostRemembered = 10_000;

/** One request, in as many copies as came until it was handled. */
interface Work {
  readonly message: Message;
  readonly deliveries: Delivery[];
}

function remember(known: Set<string>, key: string): void {
  known.add(key);
  const [oldest] = known;
  if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
}

export function createReplier(options: ReplierOptions): Replier {
  const { source, queue, clock, tracer = silentTracer } = options;
  const concurrency = options.concurrency ?? 10;
  const logger = options.logger.child({ queue: queue.name });
  const inFlight = createInFlight(clock);
  const shutdown = new AbortController();
  // As many listeners as requests under way are no leak.
  setMaxListeners(0, shutdown.signal);
  const untraced = createRequestHandling({ ...options, logger, shutdown: shutdown.signal });
  const handling = tracer.isOn ? createTracedHandling(untraced, { tracer, queue }) : untraced;
  /** In the order in which they came, by {@link keyOf}. */
  const waiting = new Map<string, Work>();
  /** Under way, by {@link keyOf}. */
  const current = new Map<string, Work & { readonly cancel: () => void }>();
  const cancelled = new Set<string>();
  /** Done, but the connection was gone before it could be acknowledged: they will come again, and need no second run. */
  const unacknowledged = new Set<string>();
  const subscriptions: Subscription[] = [];

  function take(delivery: Delivery): void {
    if (shutdown.signal.aborted) return;
    const { message } = delivery;
    const key = keyOf(message);
    const same = current.get(key) ?? waiting.get(key);
    // Sent anew it wants an answer, which may have been lost; only what the broker gave back is known to have one.
    if (delivery.redelivered && unacknowledged.has(key)) acknowledge(key, [delivery]);
    else if (same !== undefined) join(same, delivery);
    else waiting.set(key, { message, deliveries: [delivery] });
    takeWaiting();
  }

  /**
   * All of them are acknowledged in the end: whether one is stale only its connection knows. Connections that come and go
   * pile up no more than so many.
   */
  function join({ deliveries }: Work, delivery: Delivery): void {
    deliveries.push(delivery);
    if (deliveries.length > mostCopies) deliveries.shift();
  }

  function takeWaiting(): void {
    if (shutdown.signal.aborted) return;
    for (const [key, work] of waiting) {
      if (inFlight.size >= concurrency) return;
      if (isUnderWay(work.message)) continue;
      waiting.delete(key);
      void inFlight.run(() => handle(key, work)).then(takeWaiting);
    }
  }

  /** The same message for another reply address comes after it, so that a memory of what was answered serves both. */
  function isUnderWay(asked: Message): boolean {
    return [...current.values()].some(
      ({ message }) => message.messageId === asked.messageId && attemptOf(message) === attemptOf(asked),
    );
  }

  async function handle(key: string, work: Work): Promise<void> {
    const { message, deliveries } = work;
    try {
      const [delivery] = deliveries;
      if (delivery === undefined) return;
      const run = handling.begin(delivery, cancelled.delete(message.messageId));
      current.set(key, { ...work, cancel: run.cancel });
      if (await run.isDone) acknowledge(key, deliveries);
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

  function acknowledge(key: string, deliveries: readonly Delivery[]): void {
    unacknowledged.delete(key);
    const [delivery] = deliveries;
    if (deliveries.map((one) => one.acknowledge()).includes(true) || delivery === undefined) return;
    remember(unacknowledged, key);
    logger.info(
      { messageId: delivery.message.messageId },
      'acknowledged too late: the request will come again',
    );
  }

  function onCancelled(requestId: string): void {
    const entries = [...current.values()].filter(({ message }) => message.messageId === requestId);
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

/** A redelivery, or the same request sent again, joins its like and is served by one run; a retry is another run. */
function keyOf(message: Message): string {
  const { messageId, replyTo } = message;
  return `${attemptOf(message)} ${messageId} ${replyTo?.kind ?? ''} ${replyTo?.name ?? ''}`;
}
