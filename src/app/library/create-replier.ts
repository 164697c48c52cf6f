import { queue } from '#core/destination.js';
import type { Destination } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import { refuseProblems } from '#core/refuse-problems.js';
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
import { brokerProblem } from './connect-broker.js';
import type { Broker } from './connect-broker.js';
import {
  durationRange,
  freeQueue,
  hasMethods,
  isObject,
  nameProblems,
  numberProblem,
  textProblem,
  toOptions,
} from './option-checks.js';
import { newId } from '../new-id.js';

export interface CreateReplierOptions {
  readonly broker: Broker;
  /** Name of the request queue; none of the product's own, such as `{prefix}.replies`. */
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

const optionNames = Object.keys({
  broker: true,
  queue: true,
  handler: true,
  concurrency: true,
  prefetch: true,
  timeoutMs: true,
  retry: true,
  idempotency: true,
} satisfies Record<keyof CreateReplierOptions, true>);

/**
 * A service: takes requests from a queue and answers them. Call `start()`; `stop(deadlineMs)` finishes what runs.
 *
 * @throws INVALID_ARGUMENT naming every option that is wrong
 */
export function createReplier(options: CreateReplierOptions): Replier {
  refuseProblems(optionProblems(toOptions(options)));
  const { broker, own, control, clock, logger, tracer } = options.broker.parts;
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
    tracer,
  });
}

function optionProblems(given: Partial<CreateReplierOptions>): (Problem | undefined)[] {
  const noBroker = brokerProblem('broker', given.broker);
  const own = noBroker === undefined ? given.broker?.parts.own : undefined;
  return [
    ...nameProblems(given, optionNames),
    noBroker,
    textProblem('queue', given.queue, freeQueue(own)),
    typeof given.handler === 'function'
      ? undefined
      : toProblem('handler', valueInWords(given.handler), 'a function'),
    numberProblem('concurrency', given.concurrency, countRange),
    numberProblem('prefetch', given.prefetch, countRange),
    numberProblem('timeoutMs', given.timeoutMs, durationRange),
    ...retryProblems(given.retry),
    idempotencyProblem(given.idempotency),
  ];
}

const memoryMethods: (keyof HandledMessages)[] = ['begin', 'remember', 'forget'];

function idempotencyProblem(given: unknown): Problem | undefined {
  if (given === undefined) return undefined;
  const isMemory = isObject(given) && hasMethods(given['handledMessages'], memoryMethods);
  return isMemory ? undefined : toProblem('idempotency', undefined, 'a store of openStore');
}

const retryNames = Object.keys(retryPolicy());

function retryProblems(retry: Partial<RetryPolicy> | null | undefined): (Problem | undefined)[] {
  if (retry === undefined) return [];
  if (!isObject(retry)) {
    return [toProblem('retry', valueInWords(retry), `an object with ${retryNames.join(', ')}`)];
  }
  // Its default is the upper bound.
  const backoffRange = { min: 0, max: retryPolicy().maxBackoffMs };
  return [
    ...nameProblems(retry, retryNames, 'retry.'),
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
  options: { readonly deadlineMs?: number } = {},
): Promise<void> {
  const { deadlineMs = defaultDeadlineMs } = toOptions(options);
  refuseProblems([
    brokerProblem('broker', broker),
    addressProblem(address),
    ...nameProblems(options, ['deadlineMs']),
    numberProblem('deadlineMs', deadlineMs, durationRange),
  ]);
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

const destinationKinds: readonly unknown[] = ['queue', 'topic', 'opaque'] satisfies Destination['kind'][];

/** It may have been kept as JSON, by whatever program, for days. */
function addressProblem(given: unknown): Problem | undefined {
  const { replyTo, correlationId, properties } = isObject(given) ? given : {};
  const isAddress =
    isObject(replyTo) &&
    destinationKinds.includes(replyTo['kind']) &&
    isFullText(replyTo['name']) &&
    isFullText(correlationId) &&
    isObject(properties);
  return isAddress
    ? undefined
    : toProblem('address', valueInWords(given), 'what `defer()` gave, and not null');
}

function isFullText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
