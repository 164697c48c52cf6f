/** What a replier does with one request, from the broker's delivery to the moment it may be acknowledged. */
import type { Destination } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Message } from '#core/message.js';
import { attemptOf, nextAttempt } from '#core/message.js';
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
import type { Handler, RunOutcome } from './handler-run.js';
import { runHandler } from './handler-run.js';
import { createPatientMemory } from './patient-memory.js';
import { pause } from './pause.js';
import { sendProgress } from './progress-sender.js';
import { createRequestConclusion } from './request-conclusion.js';
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
  /** `onOutcome` hears of the run of the handler, if there is one. */
  begin(
    delivery: Delivery,
    isCancelled: boolean,
    onOutcome?: (outcome: RunOutcome) => void,
  ): {
    /** True when the request may be acknowledged, false when it must go back to the broker. */
    readonly isDone: Promise<boolean>;
    readonly cancel: () => void;
  };
}

/** One request on its way. */
interface Work {
  readonly delivery: Delivery;
  readonly message: Message;
  /** Null when it expects no reply. */
  readonly address: ReturnAddress | null;
  /** Aborted when somebody cancelled it. */
  readonly cancelled: AbortSignal;
  readonly onOutcome: ((outcome: RunOutcome) => void) | undefined;
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

  const conclusion = createRequestConclusion(options);

  const begin: RequestHandling['begin'] = (delivery, isCancelled, onOutcome) => {
    const cancelled = new AbortController();
    if (isCancelled) cancelled.abort('cancelled');
    const { message } = delivery;
    const address = returnAddressOf(message, contentDigest(message.body));
    return {
      isDone: handle({ delivery, message, address, cancelled: cancelled.signal, onOutcome }),
      cancel: () => cancelled.abort('cancelled'),
    };
  };

  async function handle(work: Work): Promise<boolean> {
    try {
      return await run(work);
    } catch (error) {
      const failure = toReplytoError(error);
      if (failure.code === 'SHUTTING_DOWN' || shutdown.aborted) throw error;
      // Left alone it would stay here, unacknowledged, as long as the connection lives.
      logger.error({ err: error, messageId: work.message.messageId }, 'a request cannot be handled');
      await conclusion.fail(work.delivery, work.address, serviceFailed(work), failure.message);
      return true;
    }
  }

  async function run(work: Work): Promise<boolean> {
    const { delivery, message, address, cancelled } = work;
    const { expiresAt } = message.properties;
    const isTooLate = expiresAt !== undefined && clock.now() > expiresAt + clockToleranceMs;
    if (isTooLate || cancelled.aborted) {
      logger.info(
        { messageId: message.messageId, isTooLate },
        'skipped: nobody waits for this request any more',
      );
      return true;
    }
    const before = await memory?.begin(queue.name, message.messageId);
    // A remembered reply stays remembered, whoever sends it.
    if (shutdown.aborted) return before?.reply === null ? giveBack(work) : false;
    if (before !== undefined && before.reply !== null) {
      if (address !== null) await conclusion.reply(delivery, toSameReply(address, before.reply, options));
      return true;
    }
    if (before !== undefined && before.deliveries > mostDeliveries) {
      const reason = `it was delivered ${before.deliveries} times and never finished`;
      const fault = { code: 'DELIVERED_TOO_OFTEN', message: reason, retryable: false };
      await giveUp(work, fault, reason);
      return true;
    }
    const outcome = await outcomeOf(work);
    work.onOutcome?.(outcome);
    return conclude(work, outcome);
  }

  async function outcomeOf({ message, address, cancelled }: Work): Promise<RunOutcome> {
    const handlerRun = runHandler({
      handler: options.handler,
      request: message,
      address,
      timeoutMs: options.timeoutMs ?? timeLeft(message.properties.expiresAt),
      clock,
      log: logger.child({ messageId: message.messageId }),
      progress: (percent, text) => progress(message, percent, text),
    });
    const onShutdown = (): void => handlerRun.stop('shutting-down');
    const onCancelled = (): void => handlerRun.stop('cancelled');
    if (cancelled.aborted) onCancelled();
    shutdown.addEventListener('abort', onShutdown);
    cancelled.addEventListener('abort', onCancelled);
    try {
      return await handlerRun.outcome;
    } finally {
      shutdown.removeEventListener('abort', onShutdown);
      cancelled.removeEventListener('abort', onCancelled);
    }
  }

  async function conclude(work: Work, outcome: RunOutcome): Promise<boolean> {
    const { message, address } = work;
    switch (outcome.kind) {
      case 'reply':
        return concludeWith(work, () => toReplyMessage(address ?? nowhere(message), outcome.value, options));
      case 'fault':
        return concludeWith(work, () =>
          toFaultMessage(address ?? nowhere(message), outcome.fault.toJSON(), options),
        );
      case 'deferred':
        // Its answer comes past this memory; the count of deliveries that killed their service is over.
        await memory?.forget(queue.name, message.messageId);
        return true;
      case 'stopped':
        return outcome.reason === 'cancelled' || giveBack(work);
      case 'error':
        await retryOrFail(work, outcome.error);
        return true;
    }
  }

  /** Whoever gets it next begins to count anew: a service that is stopped was not killed by its request. */
  async function giveBack({ message }: Work): Promise<false> {
    await memory?.forget(queue.name, message.messageId);
    return false;
  }

  async function concludeWith(work: Work, make: () => Message): Promise<boolean> {
    let made: Message;
    try {
      made = make();
    } catch (error) {
      // What the handler returned cannot be written: as good as a throw.
      await retryOrFail(work, error);
      return true;
    }
    await memory?.remember(queue.name, work.message.messageId, made);
    if (work.address !== null) await conclusion.reply(work.delivery, made);
    return true;
  }

  async function retryOrFail(work: Work, error: unknown): Promise<void> {
    const { delivery, message, address, cancelled } = work;
    const attempt = attemptOf(message);
    logger.warn({ err: error, messageId: message.messageId, attempt }, 'the handler failed');
    if (attempt >= retry.attempts) {
      const reason = error instanceof Error ? error.message : String(error);
      await giveUp(work, serviceFailed(work), reason);
      return;
    }
    await pause(clock, backoffAfter(retry, attempt), shutdown, cancelled);
    // The count of deliveries belongs to one attempt.
    await memory?.forget(queue.name, message.messageId);
    if (cancelled.aborted) return;
    await conclusion.retry(delivery, address, nextAttempt(message, clock.now()));
  }

  /** Whoever sends the dead letter again wants it handled: its deliveries are counted anew then. */
  async function giveUp(
    { delivery, message, address }: Work,
    fault: FaultBody,
    reason: string,
  ): Promise<void> {
    await conclusion.fail(delivery, address, fault, reason);
    await memory?.forget(queue.name, message.messageId);
  }

  /** A service may leave the promise: its failure must not end the process. */
  function progress(message: Message, percent: number, text: string | undefined): Promise<void> {
    const send = (to: Destination, event: Message): Promise<void> =>
      sendUntilConfirmed(() => channel.send(to, event), { channel, clock, signal: shutdown });
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

/** Why is for the log and the dead letter: what went wrong inside is not the caller's affair. */
function serviceFailed({ message }: Work): FaultBody {
  const attempts = attemptOf(message);
  const times = attempts === 1 ? '' : ` ${attempts} times`;
  return { code: 'SERVICE_FAILED', message: `the service failed${times}`, retryable: true };
}

/** A one-way request has no return address; what is remembered of it needs a shape all the same. */
function nowhere(message: Message): ReturnAddress {
  return { replyTo: { kind: 'queue', name: '' }, correlationId: message.messageId, properties: {} };
}
