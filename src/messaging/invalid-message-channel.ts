/**
 * Invalid Message Channel (https://www.enterpriseintegrationpatterns.com/InvalidMessageChannel.html): where a receiver
 * puts a message that it cannot read as what its queue carries. Same guarantee as the Dead Letter Channel.
 */
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { Meter } from '#core/ports/meter.js';
import type { FailedMessageKeeperOptions, FailedMessageOptions } from './failed-message.js';
import { createFailedMessageKeeper, sendFailedMessage } from './failed-message.js';
import type { GuardedConsumer } from './guarded-consumer.js';

export interface InvalidMessageChannel {
  /** Resolves with the broker's receipt. */
  reject(delivery: Delivery, reason: string): Promise<void>;
}

export function createInvalidMessageChannel(options: FailedMessageOptions): InvalidMessageChannel {
  return { reject: (delivery, reason) => sendFailedMessage(options, delivery, reason) };
}

/** The gateway's side: moves invalid messages into the store. */
export function createInvalidMessageKeeper(
  options: Omit<FailedMessageKeeperOptions, 'kind'>,
): GuardedConsumer {
  return createFailedMessageKeeper({ ...options, kind: 'invalid' });
}

export interface KeepInvalidOptions {
  readonly deadLetters: DeadLetters;
  readonly meter: Meter;
  readonly logger: Logger;
  /** What the log says of it. */
  readonly sentence: string;
}

/** The gateway's own finds go straight into the store; resolves after the commit. Once per delivery of the broker. */
export async function keepInvalid(
  { deadLetters, meter, logger, sentence }: KeepInvalidOptions,
  { message, headers, brokerId, destination }: Delivery,
  reason: string,
): Promise<void> {
  const kept = await deadLetters.keep({
    id: `invalid ${brokerId?.value ?? message.messageId}`,
    kind: 'invalid',
    reason,
    queue: destination.name,
    headers,
    body: message.body,
  });
  if (kept) meter.count('messages-invalid');
  logger.warn({ messageId: message.messageId, reason }, sentence);
}
