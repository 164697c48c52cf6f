/**
 * What the Dead Letter Channel and the Invalid Message Channel have in common: a message that failed travels with
 * its reason on a queue of the product, and the gateway, its only consumer, moves it into the store.
 */
import type { Destination, OwnDestinations } from '#core/destination.js';
import { queueNameProblem } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import { isMessageId, toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { DeadLetter, DeadLetters, SentAgain } from '#core/ports/dead-letters.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery, MessageSource } from '#core/ports/message-source.js';
import type { Meter } from '#core/ports/meter.js';
import type { GuardedConsumer } from './guarded-consumer.js';
import { createGuardedConsumer } from './guarded-consumer.js';
import { keepInvalid } from './keep-invalid.js';

/** Any STOMP client may set them when it sends to one of these queues. */
const reasonHeader = 'x-reason';
const queueHeader = 'x-original-queue';
const messageIdHeader = 'x-original-message-id';

export interface FailedMessageOptions {
  readonly channel: MessageChannel;
  /** `{prefix}.dead-letters` or `{prefix}.invalid`. */
  readonly destination: Destination;
  readonly newId: IdSource;
  readonly clock: Clock;
}

/**
 * Makes a copy of what failed, with the reason. The returned function sends it and resolves with the broker's receipt;
 * sent again, it is the same message, so that it is kept once.
 */
export function failedMessage(
  { channel, destination, newId, clock }: FailedMessageOptions,
  delivery: Delivery,
  reason: string,
): () => Promise<void> {
  const { message } = delivery;
  const origin = {
    [reasonHeader]: toHeaderValue(reason),
    [queueHeader]: delivery.destination.name,
    [messageIdHeader]: message.messageId,
  };
  const copy = {
    ...message,
    messageId: newId(),
    correlationId: message.correlationId ?? message.messageId,
    time: clock.now(),
    applicationHeaders: { ...message.applicationHeaders, ...origin },
  };
  return async () => {
    try {
      await channel.send(destination, copy);
    } catch (error) {
      if (!isReplytoError(error) || error.code !== 'INVALID_ARGUMENT') throw error;
      // A stranger's headers, or too many with the reason; the body and where it came from matter most.
      await channel.send(destination, {
        ...copy,
        replyTo: null,
        contentType: null,
        properties: {},
        applicationHeaders: origin,
      });
    }
  };
}

const longestReason = 1_000;

/** A reason often is the message of an error, with line ends and all. */
function toHeaderValue(reason: string): string {
  return reason
    .slice(0, longestReason)
    .replace(/[\u0000-\u001f\u007f\\]+/gu, ' ')
    .toWellFormed()
    .trim();
}

export interface FailedMessageKeeperOptions {
  readonly source: MessageSource;
  readonly destination: Destination;
  readonly kind: Exclude<DeadLetter['kind'], 'unmatched-reply'>;
  readonly deadLetters: DeadLetters;
  readonly own: OwnDestinations;
  readonly checkStore: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

const prefetch = 100;

/** The gateway's side: moves the queue into the store. */
export function createFailedMessageKeeper(options: FailedMessageKeeperOptions): GuardedConsumer {
  const { kind, deadLetters, meter } = options;
  const invalid = {
    ...options,
    sentence: `a message came to ${options.destination.name} that cannot be kept`,
    isEnd: true,
  };
  return createGuardedConsumer({
    ...options,
    prefetch,
    handle: async ({ message, headers, destination }) => {
      const given = message.applicationHeaders;
      const origin = originalQueue(given[queueHeader]);
      const queue = origin ?? destination.name;
      const again = origin === undefined ? undefined : sentAgain(message, origin, options.own);
      const kept = await deadLetters.keep({
        id: `${kind} ${message.messageId}`,
        kind,
        reason: given[reasonHeader] ?? 'no reason was given',
        queue,
        headers,
        body: message.body,
        ...(again === undefined ? {} : { again }),
      });
      if (!kept) return;
      meter.count(kind === 'invalid' ? 'messages-invalid' : 'messages-dead-lettered');
      const messageId = given[messageIdHeader] ?? message.messageId;
      options.logger.warn(
        { messageId, queue, reason: given[reasonHeader] },
        kind === 'invalid' ? 'an invalid message was kept' : 'a dead letter was kept',
      );
    },
    keepInvalid: (delivery, reason) => keepInvalid(invalid, delivery, reason),
  });
}

/** Anybody may send to these queues, with anything in their headers. */
function originalQueue(given: string | undefined): string | undefined {
  return given !== undefined && queueNameProblem(queueHeader, given) === undefined ? given : undefined;
}

const ownHeaders: ReadonlySet<string> = new Set([reasonHeader, queueHeader, messageIdHeader]);

/**
 * The message that failed, as it was before its copy was sent. Undefined where a stranger could have a person send
 * something to a queue that is closed to strangers.
 */
function sentAgain(copy: Message, queueName: string, own: OwnDestinations): SentAgain | undefined {
  if (own.isReserved(queueName)) return undefined;
  const original = copy.applicationHeaders[messageIdHeader];
  const messageId = original !== undefined && isMessageId(original) ? original : copy.messageId;
  const others = Object.entries(copy.applicationHeaders).filter(([name]) => !ownHeaders.has(name));
  return {
    destination: { kind: 'queue', name: queueName },
    message: {
      ...toMessageBlock(copy),
      messageId,
      // A request has none; its copy has its id there.
      correlationId: copy.correlationId === messageId ? null : copy.correlationId,
      applicationHeaders: Object.fromEntries(others),
    },
  };
}
