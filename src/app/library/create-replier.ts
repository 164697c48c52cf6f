import { v7 as newId } from 'uuid';
import { queue, queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { ReturnAddress } from '#core/return-address.js';
import { createDeadLetterChannel } from '#messaging/dead-letter-channel.js';
import type { Handler } from '#messaging/handler-run.js';
import { createReplier as createReplierOn } from '#messaging/replier.js';
import type { Replier } from '#messaging/replier.js';
import { sendUntilConfirmed, toFaultMessage, toReplyMessage } from '#messaging/reply-sender.js';
import type { RetryPolicy } from '#messaging/retry-policy.js';
import { retryPolicy } from '#messaging/retry-policy.js';
import { isFault } from '#core/fault.js';
import { valueInWords } from '#schema/problems.js';
import type { Broker } from './connect-broker.js';
import { durationRange, numberProblem, refuseProblems, textProblem } from './option-checks.js';

export interface CreateReplierOptions {
  readonly broker: Broker;
  /** Name of the request queue. */
  readonly queue: string;
  /** What it returns is the reply; a thrown Fault is sent as one; any other error is retried. */
  readonly handler: Handler;
  /** Handlers running at the same time, 1 to 65,535; default 10. */
  readonly concurrency?: number;
  /** Requests taken from the broker ahead of time, 1 to 65,535; default = concurrency, and never less. */
  readonly prefetch?: number;
  /** Milliseconds a handler may run, 1 to 3650 days; default: until the request expires. */
  readonly timeoutMs?: number;
  /** Default: 3 runs, 1 s and 2 s apart, never more than a minute; the broker holds the request meanwhile. */
  readonly retry?: Partial<RetryPolicy>;
  /** Memory of what was answered, of `openStore(url)`: a repeated request gets the same reply, unhandled. */
  readonly idempotency?: { readonly handledMessages: HandledMessages };
}

const countRange = { min: 1, max: 65_535 };

/**
 * A service: takes requests from a queue and answers them. Call `start()`; `stop(deadlineMs)` finishes what runs.
 *
 * @throws INVALID_ARGUMENT naming every option that is wrong
 */
export function createReplier(options: CreateReplierOptions): Replier {
  refuseProblems([
    textProblem('queue', options.queue, queueNameProblem),
    typeof options.handler === 'function'
      ? undefined
      : toProblem('handler', valueInWords(options.handler), 'a function'),
    numberProblem('concurrency', options.concurrency, countRange),
    numberProblem('prefetch', options.prefetch, countRange),
    numberProblem('timeoutMs', options.timeoutMs, durationRange),
    ...retryProblems(options.retry),
  ]);
  const { broker, own, control, clock, logger } = options.broker.parts;
  return createReplierOn({
    ...options,
    ...broker,
    queue: queue(options.queue),
    retry: retryPolicy(options.retry),
    idempotency: options.idempotency?.handledMessages,
    deadLetters: createDeadLetterChannel({
      channel: broker.channel,
      destination: own.deadLetters,
      newId,
      clock,
    }),
    control,
    status: own.status,
    clock,
    newId,
    logger,
  });
}

function retryProblems(retry: Partial<RetryPolicy> | null | undefined): (Problem | undefined)[] {
  if (retry === undefined) return [];
  if (typeof retry !== 'object' || retry === null) {
    return [toProblem('retry', valueInWords(retry), 'an object with attempts, backoffMs, maxBackoffMs')];
  }
  // Its default is the upper bound.
  const backoffRange = { min: 0, max: retryPolicy().maxBackoffMs };
  return [
    numberProblem('retry.attempts', retry.attempts, { min: 1, max: 1_000_000_000 }),
    numberProblem('retry.backoffMs', retry.backoffMs, backoffRange),
    numberProblem('retry.maxBackoffMs', retry.maxBackoffMs, backoffRange),
  ];
}

/** Milliseconds to go on trying while the broker is away. */
const defaultDeadlineMs = 60_000;

/**
 * Answers a deferred request, from any process, as often as needed until the broker has confirmed it. A `Fault` as
 * `value` is sent as a fault.
 *
 * @throws SHUTTING_DOWN when the broker did not confirm within `deadlineMs` (default 60,000); SEND_REFUSED;
 *   INVALID_ARGUMENT, TypeError when the value cannot be sent
 */
export async function sendReply(
  broker: Broker,
  address: ReturnAddress,
  value: unknown,
  { deadlineMs = defaultDeadlineMs }: { readonly deadlineMs?: number } = {},
): Promise<void> {
  refuseProblems([numberProblem('deadlineMs', deadlineMs, durationRange)]);
  const { clock } = broker.parts;
  const { channel } = broker.parts.broker;
  const message = isFault(value)
    ? toFaultMessage(address, value.toJSON(), { clock, newId })
    : toReplyMessage(address, value, { clock, newId });
  const over = new AbortController();
  const cancel = clock.after(deadlineMs, () => over.abort());
  try {
    await sendUntilConfirmed(() => channel.send(address.replyTo, message), {
      channel,
      clock,
      signal: over.signal,
    });
  } finally {
    cancel();
  }
}
