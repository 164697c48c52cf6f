/**
 * How a replier gets rid of a request: by its reply, by a Fault with a dead letter, or by the same message again. The
 * broker must take one of them before the request may be acknowledged. A broker that refuses may only be full for a
 * while, and does not deliver a request again that this connection still holds: so what it refuses is offered again,
 * with growing pauses, until it takes something or this process stops.
 */
import type { Destination } from '#core/destination.js';
import { ReplytoError, isReplytoError, toReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { ReturnAddress } from '#core/return-address.js';
import type { DeadLetterChannel } from './dead-letter-channel.js';
import { pause } from './pause.js';
import { sendUntilConfirmed, toFaultMessage } from './reply-sender.js';

export interface RequestConclusionOptions {
  readonly channel: MessageChannel;
  /** Of the requests. */
  readonly queue: Destination;
  readonly deadLetters: DeadLetterChannel;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly shutdown: AbortSignal;
}

/** Each resolves when the request may be acknowledged. @throws SHUTTING_DOWN */
export interface RequestConclusion {
  /** Sends it to where the request wants it; a reply that is not taken becomes a dead letter. */
  reply(delivery: Delivery, message: Message): Promise<void>;
  /** Makes a dead letter of the request, and tells the caller. */
  fail(delivery: Delivery, address: ReturnAddress | null, fault: FaultBody, reason: string): Promise<void>;
  /** Sends the request once more; one that its own queue does not take has failed. */
  retry(delivery: Delivery, address: ReturnAddress | null, again: Message): Promise<void>;
}

/** What may be sent to be done with a request. */
interface Offer {
  /** For the log, as in: the broker does not take …. */
  readonly what: string;
  readonly send: () => Promise<void>;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Pauses of 1, 2 and 4 s before the next best is offered too. */
const patientRounds = 3;

export function createRequestConclusion(options: RequestConclusionOptions): RequestConclusion {
  const { channel, clock, logger, shutdown, deadLetters } = options;

  /** Resolves with the index of the offer that was taken; later ones are second best. */
  async function firstTaken(delivery: Delivery, offers: readonly Offer[]): Promise<number> {
    const { messageId } = delivery.message;
    const hopeless = new Set<Offer>();
    for (let round = 0; ; round += 1) {
      for (const [index, offer] of offers.entries()) {
        const isEarly =
          round < patientRounds && offers.slice(0, index).some((better) => !hopeless.has(better));
        if (isEarly || hopeless.has(offer)) continue;
        try {
          await sendUntilConfirmed(offer.send, { channel, clock, signal: shutdown });
          return index;
        } catch (error) {
          if (!isReplytoError(error) || error.code === 'SHUTTING_DOWN') throw error;
          // Whatever is no answer of the broker will be the same the next time.
          if (error.code !== 'SEND_REFUSED') hopeless.add(offer);
          logger.error({ err: error, messageId }, `the broker does not take ${offer.what}`);
          if (hopeless.size === offers.length) throw error;
        }
      }
      await pause(clock, Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(round, 16)), shutdown);
      if (shutdown.aborted) throw new ReplytoError('SHUTTING_DOWN');
    }
  }

  /** Made when it is offered first, and once: however often it is sent, it is the same message. */
  function deadLetter(delivery: Delivery, reason: () => string): Offer {
    const { messageId } = delivery.message;
    let letter: (() => Promise<void>) | undefined;
    return {
      what: 'a dead letter',
      async send() {
        letter ??= deadLetters.deadLetter(delivery, reason());
        await letter();
        logger.error({ messageId }, 'the request was given up: it is a dead letter now');
      },
    };
  }

  async function reply(delivery: Delivery, message: Message): Promise<void> {
    const { replyTo } = delivery.message;
    if (replyTo === null) return;
    let refusal: ReplytoError | undefined;
    const send = async (): Promise<void> => {
      try {
        await channel.send(replyTo, message);
      } catch (error) {
        refusal = toReplytoError(error);
        throw error;
      }
    };
    const kept = deadLetter(delivery, () => `its reply was refused: ${refusal?.message ?? ''}`);
    const taken = await firstTaken(delivery, [{ what: 'the reply', send }, kept]);
    if (taken > 0 && message.properties.fault !== true) await sendFault(delivery, replyTo, message);
  }

  /** The caller need not wait for a reply that never comes; what refuses this too has refused it for good. */
  async function sendFault(delivery: Delivery, replyTo: Destination, refused: Message): Promise<void> {
    const { messageId } = delivery.message;
    const address = {
      replyTo,
      correlationId: refused.correlationId ?? messageId,
      properties: refused.properties,
    };
    const fault = { code: 'SERVICE_FAILED', message: 'the reply of the service cannot be sent' };
    const message = toFaultMessage(address, fault, options);
    try {
      await sendUntilConfirmed(() => channel.send(replyTo, message), { channel, clock, signal: shutdown });
    } catch (error) {
      if (!isReplytoError(error) || error.code === 'SHUTTING_DOWN') throw error;
      logger.error({ err: error, messageId }, 'the caller could not be told that its reply was refused');
    }
  }

  async function fail(
    delivery: Delivery,
    address: ReturnAddress | null,
    fault: FaultBody,
    reason: string,
  ): Promise<void> {
    // The letter first: were the Fault the last that is known of it, a crash in between would lose the letter.
    await firstTaken(delivery, [deadLetter(delivery, () => reason)]);
    if (address !== null) await reply(delivery, toFaultMessage(address, fault, options));
  }

  return {
    reply,
    fail,
    async retry(delivery, address, again) {
      const send = (): Promise<void> => channel.send(options.queue, again);
      const reason = 'it failed, and its queue did not take it for another attempt';
      const taken = await firstTaken(delivery, [
        { what: 'a retry', send },
        deadLetter(delivery, () => reason),
      ]);
      if (taken === 0 || address === null) return;
      const fault = { code: 'SERVICE_FAILED', message: 'the service failed', retryable: true };
      await reply(delivery, toFaultMessage(address, fault, options));
    },
  };
}
