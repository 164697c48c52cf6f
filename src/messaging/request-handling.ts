/** What a replier does with one request, from the broker's delivery to the moment it may be acknowledged. */
import type { Destination } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery } from '#core/ports/message-source.js';
import { returnAddressOf } from '#core/return-address.js';
import type { ReturnAddress } from '#core/return-address.js';
import type { DeadLetterChannel } from './dead-letter-channel.js';
import { contentDigest } from './digest.js';
import type { Handler, HandlerRun, RunOutcome } from './handler-run.js';
import { runHandler } from './handler-run.js';
import { createPatientMemory } from './patient-memory.js';
import { pause } from './pause.js';
import { sendProgress } from './progress-sender.js';
import { sendUntilConfirmed, toFaultMessage, toReplyMessage, toSameReply } from './reply-sender.js';
import type { RetryPolicy } from './retry-policy.js';
import { backoffAfter } from './retry-policy.js';

export interface RequestHandlingOptions {
  readonly channel: MessageChannel;
  readonly queue: Destination;
  readonly handler: Handler;
  readonly timeoutMs?: number;
  readonly retry: RetryPolicy;
  readonly idempotency?: HandledMessages | undefined;
  readonly deadLetters: DeadLetterChannel;
  readonly status: Destination;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly shutdown: AbortSignal;
}

export interface RequestHandling {
  begin(
    delivery: Delivery,
    isCancelled: boolean,
  ): {
    /** True when the request may be acknowledged, false when it must go back to the broker. */
    readonly isDone: Promise<boolean>;
    readonly cancel: () => void;
  };
}

/** Clocks of two machines differ; a request is skipped only when it is surely too late. */
const clockToleranceMs = 5 * 60_000;
/** Deliveries of one message that ended without an outcome: it probably kills its service. */
const mostDeliveries = 5;
const dayMs = 24 * 60 * 60_000;

export function createRequestHandling(options: RequestHandlingOptions): RequestHandling {
  const { channel, clock, idempotency, queue, retry, logger, shutdown } = options;
  const memory =
    idempotency === undefined
      ? undefined
      : createPatientMemory(idempotency, { clock, logger, signal: shutdown });

  function confirmed(send: () => Promise<void>): Promise<void> {
    return sendUntilConfirmed(send, { channel, clock, signal: shutdown });
  }

  function begin(delivery: Delivery, isCancelled: boolean): ReturnType<RequestHandling['begin']> {
    const { message } = delivery;
    let run: HandlerRun | undefined;
    const cancel = new AbortController();
    if (isCancelled) cancel.abort();

    async function handle(): Promise<boolean> {
      const { expiresAt } = message.properties;
      const isTooLate = expiresAt !== undefined && clock.now() > expiresAt + clockToleranceMs;
      if (isTooLate || isCancelled) {
        logger.info(
          { messageId: message.messageId, isTooLate },
          'skipped: nobody waits for this request any more',
        );
        return true;
      }
      const address = returnAddressOf(message, contentDigest(message.body));
      const before = await memory?.begin(queue.name, message.messageId);
      if (shutdown.aborted) return false;
      if (before !== undefined && before.reply !== null) {
        if (address !== null) await reply(delivery, toSameReply(address, before.reply, options));
        return true;
      }
      if (before !== undefined && before.deliveries > mostDeliveries) {
        const reason = `it was delivered ${before.deliveries} times and never finished`;
        await fail(
          delivery,
          address,
          { code: 'DELIVERED_TOO_OFTEN', message: reason, retryable: false },
          reason,
        );
        return true;
      }
      run = runHandler({
        handler: options.handler,
        request: message,
        address,
        timeoutMs: options.timeoutMs ?? timeLeft(expiresAt),
        clock,
        log: logger.child({ messageId: message.messageId }),
        progress: (percent, text) => progress(message, percent, text),
      });
      if (cancel.signal.aborted) run.stop('cancelled');
      const onShutdown = (): void => run?.stop('shutting-down');
      shutdown.addEventListener('abort', onShutdown);
      try {
        return await conclude(delivery, address, await run.outcome);
      } finally {
        shutdown.removeEventListener('abort', onShutdown);
      }
    }

    return {
      isDone: handle(),
      cancel: () => {
        cancel.abort();
        run?.stop('cancelled');
      },
    };
  }

  async function conclude(
    delivery: Delivery,
    address: ReturnAddress | null,
    outcome: RunOutcome,
  ): Promise<boolean> {
    const { message } = delivery;
    switch (outcome.kind) {
      case 'reply':
        return concludeWith(delivery, address, () =>
          toReplyMessage(address ?? nowhere(message), outcome.value, options),
        );
      case 'fault':
        return concludeWith(delivery, address, () =>
          toFaultMessage(address ?? nowhere(message), outcome.fault.toJSON(), options),
        );
      case 'deferred':
        return true;
      case 'stopped':
        return outcome.reason === 'cancelled';
      case 'error':
        await retryOrFail(delivery, address, outcome.error);
        return true;
    }
  }

  async function concludeWith(
    delivery: Delivery,
    address: ReturnAddress | null,
    make: () => Message,
  ): Promise<boolean> {
    let made: Message;
    try {
      made = make();
    } catch (error) {
      // What the handler returned cannot be written: as good as a throw.
      await retryOrFail(delivery, address, error);
      return true;
    }
    await memory?.remember(queue.name, delivery.message.messageId, made);
    if (address !== null) await reply(delivery, made);
    return true;
  }

  async function reply(delivery: Delivery, message: Message): Promise<void> {
    const { replyTo } = delivery.message;
    if (replyTo === null) return;
    try {
      await confirmed(() => channel.send(replyTo, message));
    } catch (error) {
      if (!isReplytoError(error) || error.code === 'SHUTTING_DOWN') throw error;
      logger.error(
        { err: error, messageId: delivery.message.messageId },
        'the broker does not take the reply',
      );
      await confirmed(() =>
        options.deadLetters.deadLetter(delivery, `its reply was refused: ${error.message}`),
      );
    }
  }

  async function retryOrFail(
    delivery: Delivery,
    address: ReturnAddress | null,
    error: unknown,
  ): Promise<void> {
    const { message } = delivery;
    const attempt = message.properties.attempt ?? 1;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn({ err: error, messageId: message.messageId, attempt }, 'the handler failed');
    if (attempt >= retry.attempts) {
      const fault = {
        code: 'SERVICE_FAILED',
        // Why is for the log and the dead letter: what went wrong inside is not the caller's affair.
        message: `the service failed ${attempt} times`,
        retryable: true,
      };
      await fail(delivery, address, fault, reason);
      return;
    }
    await pause(clock, backoffAfter(retry, attempt), shutdown);
    // The count of deliveries belongs to one attempt.
    await memory?.forget(queue.name, message.messageId);
    await confirmed(() => channel.send(queue, nextAttempt(message, attempt + 1)));
  }

  async function fail(
    delivery: Delivery,
    address: ReturnAddress | null,
    fault: FaultBody,
    reason: string,
  ): Promise<void> {
    await confirmed(() => options.deadLetters.deadLetter(delivery, reason));
    if (address !== null) await reply(delivery, toFaultMessage(address, fault, options));
  }

  /** The same message once more; its deadline is made anew. */
  function nextAttempt(message: Message, attempt: number): Message {
    const { expiresAt } = message.properties;
    const deadline = expiresAt === undefined ? {} : { deadlineMs: Math.max(0, expiresAt - clock.now()) };
    return { ...message, properties: { ...message.properties, ...deadline, attempt } };
  }

  /** A service may leave the promise: its failure must not end the process. */
  function progress(message: Message, percent: number, text: string | undefined): Promise<void> {
    const send = (to: Destination, event: Message): Promise<void> => confirmed(() => channel.send(to, event));
    const sent = sendProgress({ ...options, send }, message, percent, text);
    sent.catch((error: unknown) =>
      logger.warn({ err: error, messageId: message.messageId }, 'progress was not sent'),
    );
    return sent;
  }

  function timeLeft(expiresAt: number | undefined): number {
    return expiresAt === undefined ? dayMs : Math.max(0, expiresAt - clock.now()) + clockToleranceMs;
  }

  return { begin };
}

/** A one-way request has no return address; what is remembered of it needs a shape all the same. */
function nowhere(message: Message): ReturnAddress {
  return { replyTo: { kind: 'queue', name: '' }, correlationId: message.messageId, properties: {} };
}
