import { ReplytoError, isReplytoError, toReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { RememberedReply } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { ReturnAddress } from '#core/return-address.js';
import { toContents } from './contents.js';

export interface MakeReplyOptions {
  readonly clock: Clock;
  readonly newId: IdSource;
}

/** The reply message for these contents, see {@link toContents}. */
export function toReplyMessage(
  address: ReturnAddress,
  value: unknown,
  { clock, newId }: MakeReplyOptions,
): Message {
  const { body, contentType, headers } = toContents(value);
  return {
    messageId: newId(),
    correlationId: address.correlationId,
    replyTo: null,
    time: clock.now(),
    contentType,
    body,
    properties: address.properties,
    applicationHeaders: headers,
  };
}

export function toFaultMessage(address: ReturnAddress, fault: FaultBody, options: MakeReplyOptions): Message {
  const message = toReplyMessage(address, fault, options);
  return { ...message, properties: { ...message.properties, fault: true } };
}

/**
 * A reply given before, for a request that came again: the same id and contents, but the address, the conversation and
 * the asking store are those of this request.
 */
export function toSameReply(
  address: ReturnAddress,
  { properties, ...given }: RememberedReply,
  { clock }: Pick<MakeReplyOptions, 'clock'>,
): Message {
  return {
    ...given,
    correlationId: address.correlationId,
    replyTo: null,
    time: clock.now(),
    properties: { ...address.properties, ...(properties.fault === true ? { fault: true } : {}) },
  };
}

const retryMs = 1_000;

/**
 * Sends until the broker has confirmed it. The same Message-ID every time, so a reply that arrives twice is
 * recognised. Ends without success only when the broker refuses it or `signal` is aborted.
 *
 * @throws SEND_REFUSED, SHUTTING_DOWN, INVALID_ARGUMENT
 */
export async function sendUntilConfirmed(
  send: () => Promise<void>,
  { channel, clock, signal }: { channel: MessageChannel; clock: Clock; signal: AbortSignal },
): Promise<void> {
  for (;;) {
    try {
      await send();
      return;
    } catch (error) {
      if (!isReplytoError(error) || !error.retryable) throw toReplytoError(error);
    }
    await upAgain(channel, clock, signal);
    if (signal.aborted) throw new ReplytoError('SHUTTING_DOWN');
  }
}

/** The next time the channel comes up, or a while, whichever is sooner. */
function upAgain(channel: MessageChannel, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.after(retryMs, done);
    const stopListening = channel.onUp(done);
    signal.addEventListener('abort', done);
    function done(): void {
      cancel();
      stopListening();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
