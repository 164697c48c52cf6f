/**
 * Dead Letter Channel (https://www.enterpriseintegrationpatterns.com/DeadLetterChannel.html): where a service puts a
 * request that it could not process after all its retries. Guarantee: the broker has the copy, with a receipt, before
 * the original is acknowledged; a crash in between makes a second copy, never a loss.
 */
import type { Delivery } from '#core/ports/message-source.js';
import type { FailedMessageKeeperOptions, FailedMessageOptions } from './failed-message.js';
import { createFailedMessageKeeper, failedMessage } from './failed-message.js';
import type { GuardedConsumer } from './guarded-consumer.js';

export interface DeadLetterChannel {
  /** Makes a dead letter; the returned function sends it, always the same one, and resolves with the broker's receipt. */
  deadLetter(delivery: Delivery, reason: string): () => Promise<void>;
}

export function createDeadLetterChannel(options: FailedMessageOptions): DeadLetterChannel {
  return { deadLetter: (delivery, reason) => failedMessage(options, delivery, reason) };
}

/** The gateway's side: moves dead letters into the store. */
export function createDeadLetterKeeper(options: Omit<FailedMessageKeeperOptions, 'kind'>): GuardedConsumer {
  return createFailedMessageKeeper({ ...options, kind: 'dead-letter' });
}
