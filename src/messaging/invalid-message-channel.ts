/**
 * Invalid Message Channel (https://www.enterpriseintegrationpatterns.com/InvalidMessageChannel.html): where a receiver
 * puts a message that it cannot read as what its queue carries. Same guarantee as the Dead Letter Channel.
 */
import type { Delivery } from '#core/ports/message-source.js';
import type { FailedMessageKeeperOptions, FailedMessageOptions } from './failed-message.js';
import { createFailedMessageKeeper, failedMessage } from './failed-message.js';
import type { GuardedConsumer } from './guarded-consumer.js';

export interface InvalidMessageChannel {
  /** Makes a copy with the reason; the returned function sends it, as a dead letter is sent. */
  reject(delivery: Delivery, reason: string): () => Promise<void>;
}

export function createInvalidMessageChannel(options: FailedMessageOptions): InvalidMessageChannel {
  return { reject: (delivery, reason) => failedMessage(options, delivery, reason) };
}

/** The gateway's side: moves invalid messages into the store. */
export function createInvalidMessageKeeper(
  options: Omit<FailedMessageKeeperOptions, 'kind'>,
): GuardedConsumer {
  return createFailedMessageKeeper({ ...options, kind: 'invalid' });
}
