/**
 * Guaranteed Delivery (https://www.enterpriseintegrationpatterns.com/GuaranteedMessaging.html): moves what is
 * stored to the broker. Three lines: requests to their queues, replies to the callers' Reply-To queues, and messages that
 * belong to no request.
 * Guarantee: at least once, always with the same Message-ID; the receipt is recorded after it came, so a crash in
 * between sends again. Failure: an attempt counts only when the broker answered with an error; an absent
 * or full broker and a missing receipt never count. After 12 counted attempts, or at once when no frame can be made of it, a
 * request becomes faulted, anything else a dead letter. Shutdown: see send-line.ts.
 */
import { queue } from '#core/destination.js';
import type { ErrorCode } from '#core/error-kinds.js';
import type { ReplytoError } from '#core/errors.js';
import { toForwardMessage } from '#core/forward-message.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Meter } from '#core/ports/meter.js';
import type { Outbox, OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import type { OutgoingMessage, OutgoingMessages } from '#core/ports/outgoing-messages.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord, StoredRequest } from '#core/request.js';
import type { OutcomeOf } from '#core/stages.js';
import type { Admission } from './admission.js';
import { createRefusals } from './refusals.js';
import type { Deployment } from './request-message.js';
import { requestSendOptions, toRequestMessage } from './request-message.js';
import type { RequestWatch } from './request-watch.js';
import { createSendLine } from './send-line.js';
import type { SentMarks } from './sent-marks.js';
import { createSentMarks } from './sent-marks.js';

export interface OutboxRelayOptions {
  readonly store: RequestStore;
  readonly outbox: Outbox;
  readonly outgoing: OutgoingMessages;
  readonly channel: MessageChannel;
  readonly watch: RequestWatch;
  readonly admission: Admission;
  readonly deployment: Deployment;
  readonly clock: Clock;
  /** The clock of the store, by which deadlines are. */
  readonly storeTime: Pick<Clock, 'now'>;
  readonly logger: Logger;
  readonly meter: Meter;
  /** This instance: the owner of its leases. */
  readonly instance: string;
  /** Milliseconds until a receipt must have come; leases last twice that, at least a minute. */
  readonly receiptTimeoutMs: number;
  /** Messages under way at the same time, per line; default 1,000. */
  readonly maxInFlight?: number;
  /** Milliseconds in which most replies come: so long the receipt of a request waits to be stored with its reply; default 100. */
  readonly holdMarksMs?: number;
  /** 0 up to 1, for jitter. */
  readonly random: () => number;
}

export interface OutboxRelay {
  start(): void;
  stop(deadlineMs: number): Promise<void>;
  readonly instance: string;
  readonly leaseMs: number;
  /** Receipts that are not stored yet. */
  readonly marks: Pick<SentMarks, 'sentAt' | 'ended' | 'release'>;
  /** Whether a new request for this queue can be sent at once. */
  canSendNow(queue: string): boolean;
  /** Sends a request whose send lease this instance holds. Never rejects: the outcome is in the store. */
  sendNow(request: StoredRequest): void;
  /** Looks for work of every kind. */
  wake(): void;
  /** A request was accepted that nobody is sending. */
  wakeRequests(): void;
  /** A reply was queued for a Reply-To queue. */
  wakeDeliveries(): void;
  /** A message that belongs to no request was queued. */
  wakeMessages(): void;
  status(): { readonly inFlight: number; readonly heldQueues: readonly string[] };
}

const mostAttempts = 12;
const shortestLeaseMs = 60_000;
const firstRetryMs = 1_000;
const longestRetryMs = 5 * 60_000;
const defaultHoldMarksMs = 100;

/** An absent or full broker, or a missing receipt, says nothing about the message. */
const notCounted: ReadonlySet<ErrorCode> = new Set([
  'BROKER_UNAVAILABLE',
  'SEND_UNCONFIRMED',
  'RECEIPT_TIMEOUT',
  'BROKER_FULL',
]);

function isCounted(error: ReplytoError): boolean {
  return !notCounted.has(error.code);
}

/** It was never sent and never will be: no frame can be made of it. */
function isHopeless(error: ReplytoError): boolean {
  return error.code === 'INVALID_ARGUMENT';
}

/** For the meter, which knows no other words. */
function sendOutcome(error: ReplytoError | null): OutcomeOf<'send'> {
  switch (error?.code) {
    case undefined:
      return 'sent';
    case 'RECEIPT_TIMEOUT':
    case 'SEND_UNCONFIRMED':
      return 'unconfirmed';
    case 'BROKER_FULL':
      return 'full';
    case 'INVALID_ARGUMENT':
      return 'invalid';
    case 'SEND_REFUSED':
      return 'refused';
    default:
      return 'unavailable';
  }
}

function idsOf<Id>(items: readonly { readonly id: Id }[]): Id[] {
  return items.map(({ id }) => id);
}

export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { store, outbox, outgoing, channel, clock, meter, instance, deployment } = options;
  const leaseMs = Math.max(shortestLeaseMs, 2 * options.receiptTimeoutMs);
  const shared = {
    clock,
    owner: instance,
    leaseMs,
    maxInFlight: options.maxInFlight ?? 1_000,
    isUp: () => channel.isUp(),
  };

  const refusals = createRefusals();
  const marks = createSentMarks({
    ...{ store, clock, storeTime: options.storeTime, logger: options.logger, onMarked },
    holdMs: options.holdMarksMs ?? defaultHoldMarksMs,
  });

  const requests = createSendLine<StoredRequest>({
    ...shared,
    logger: options.logger.child({ line: 'requests' }),
    claim: (claim) => store.claimUnsent(claim),
    queueOf: (request) => request.queue,
    bytesOf: (request) => request.body.byteLength,
    send: (request) => {
      if (request.resend > 0) meter.count('requests-resent');
      marks.sending(request.id);
      const now = options.storeTime.now();
      const message = toRequestMessage(request, deployment, now);
      return channel.send(queue(request.queue), message, requestSendOptions(request, now));
    },
    finish: finishRequest,
    renew: (items) => store.renewSend(idsOf(items), instance, leaseMs),
  });

  async function finishRequest(
    request: StoredRequest,
    error: ReplytoError | null,
    tookMs: number,
  ): Promise<void> {
    meter.took('send', sendOutcome(error), request.queue, tookMs);
    if (error === null) {
      refusals.forget(request.id);
      meter.count('requests-sent');
      options.admission.sent();
      // The receipt of a request without a reply is its end.
      await marks.confirmed(request.id, request.oneWay);
      return;
    }
    marks.failed(request.id);
    if (error.code === 'RECEIPT_TIMEOUT') meter.count('receipts-missed');
    if (isHopeless(error) || (isCounted(error) && refusals.add(request.id) >= mostAttempts)) {
      await giveUp(request, error);
      return;
    }
    const wasWritten = error.code !== 'BROKER_UNAVAILABLE';
    await store.releaseSend(request.id, instance, wasWritten, error.message);
    if (error.code === 'SEND_UNCONFIRMED') requests.wake();
  }

  function onMarked(record: RequestRecord): void {
    if (record.status === 'completed') {
      meter.count('requests-completed');
      options.admission.ended(record);
    }
    options.watch.notify({ record, reply: null });
  }

  /** The broker will not take it: the caller learns by a Fault, as of any other failure of the far side. */
  async function giveUp(request: StoredRequest, error: ReplytoError): Promise<void> {
    const fault = { code: error.code, message: error.message, retryable: false };
    const outcome = await store.giveUpSend(request.id, fault);
    refusals.forget(request.id);
    if (outcome === null) return;
    meter.count('requests-faulted');
    options.admission.ended(outcome.record);
    options.watch.notify(outcome);
    deliveries.wake();
  }

  const deliveries = createSendLine<OutboxDelivery>({
    ...shared,
    logger: options.logger.child({ line: 'deliveries' }),
    claim: (claim) => outbox.claimDue(claim),
    queueOf: (delivery) => delivery.queue,
    bytesOf: ({ reply }) => reply?.body.byteLength ?? 0,
    send: (delivery) => channel.send(queue(delivery.queue), toForwardMessage(delivery, clock.now())),
    renew: (items) => outbox.renew(idsOf(items), instance, leaseMs),
    finish: async (delivery, error) => {
      const result = deliveryResult(delivery, error);
      meter.count(`deliveries-${result.kind}`);
      meter.took('forward', result.kind, delivery.requestQueue, clock.now() - delivery.createdAt);
      await outbox.finish(delivery.id, instance, result);
      // A late reply waits for the Fault before it.
      if (delivery.reply === null) deliveries.wake();
    },
  });

  const messages = createSendLine<OutgoingMessage>({
    ...shared,
    logger: options.logger.child({ line: 'messages' }),
    claim: (claim) => outgoing.claimDue(claim),
    queueOf: ({ destination }) => destination.name,
    bytesOf: ({ message }) => message.body.byteLength,
    send: ({ destination, message }) => channel.send(destination, message),
    renew: (items) => outgoing.renew(idsOf(items), instance, leaseMs),
    finish: async (message, error) => {
      const result = deliveryResult(message, error);
      meter.count(`messages-${result.kind}`);
      await outgoing.finish(message.id, instance, result);
    },
  });

  function deliveryResult(
    { attempts }: { readonly attempts: number },
    error: ReplytoError | null,
  ): OutboxResult {
    if (error === null) return { kind: 'delivered' };
    const { message } = error;
    if (!isCounted(error)) return { kind: 'postponed', error: message, retryMs: 0 };
    if (isHopeless(error) || attempts + 1 >= mostAttempts) return { kind: 'dead', error: message };
    const ceiling = Math.min(longestRetryMs, firstRetryMs * 2 ** attempts);
    return {
      kind: 'refused',
      error: message,
      retryMs: Math.round(ceiling / 2 + (options.random() * ceiling) / 2),
    };
  }

  function wake(): void {
    for (const line of [requests, deliveries, messages]) line.wake();
  }

  let stopListening: (() => void) | undefined;
  return {
    instance,
    leaseMs,
    marks,
    start() {
      stopListening = channel.onUp(wake);
      for (const line of [requests, deliveries, messages]) line.start();
    },
    async stop(deadlineMs) {
      stopListening?.();
      await Promise.all([requests, deliveries, messages].map((line) => line.stop(deadlineMs)));
      await marks.stop();
      refusals.clear();
    },
    canSendNow: (name) => requests.hasRoom(name),
    sendNow: (request) => void requests.sendOwned(request),
    wake,
    wakeRequests: () => requests.wake(),
    wakeDeliveries: () => deliveries.wake(),
    wakeMessages: () => messages.wake(),
    status: () => ({
      inFlight: requests.inFlight + deliveries.inFlight + messages.inFlight,
      heldQueues: [...new Set([requests, deliveries, messages].flatMap((line) => [...line.heldQueues()]))],
    }),
  };
}
