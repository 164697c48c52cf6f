import { v7 as newId } from 'uuid';
import type { Store } from '#adapters/store/open-store.js';
import { queue, queueNameProblem } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import { Fault } from '#core/fault.js';
import { messageIdProblem } from '#core/message.js';
import type { MessageProperties } from '#core/message.js';
import { silentMeter } from '#core/ports/meter.js';
import type { NewRequest, StoredReply } from '#core/request.js';
import { toContents, readableBody } from '#messaging/contents.js';
import type { ReadableBody } from '#messaging/contents.js';
import { contentDigest, fingerprint } from '#messaging/digest.js';
import type { Answer } from '#messaging/requestor.js';
import { createParts } from '../parts.js';
import { createRequestReply } from '../request-reply.js';
import { systemClock as clock } from '../system-clock.js';
import type { Broker } from './connect-broker.js';
import { openStore } from './open-store.js';

export interface CreateRequestorOptions {
  readonly broker: Broker;
  /** A durable queue of this requestor alone; never `{prefix}.replies`, that is the gateways'. */
  readonly replyQueue: string;
  /** Of `openStore(url)`. Without one nothing survives this process: replies to earlier ones are set aside. */
  readonly store?: Store;
  /** Requests open at the same time; default 100,000. */
  readonly maxPending?: number;
}

export interface RequestOptions {
  /** Milliseconds until the request expires; default 30,000. */
  readonly timeoutMs?: number;
  /** Aborting cancels the request and rejects with WAIT_ABORTED. */
  readonly signal?: AbortSignal;
  /** Makes it idempotent: the same id again joins the first request. Default a UUID v7. */
  readonly messageId?: string;
  /** Carried on to services and to the reply. */
  readonly conversationId?: string;
  readonly project?: string;
  /** 0-9, default 4. */
  readonly priority?: number;
}

/** A reply: bytes, with `text()` and `json()`. */
export interface Reply extends ReadableBody {
  readonly messageId: string;
  /** Message id of the request. */
  readonly correlationId: string;
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Request-reply over the broker, without HTTP. */
export interface LibraryRequestor {
  /** Resolves when replies are being received. */
  start(): Promise<void>;
  /**
   * Sends a request and waits for its reply. `contents` as a handler returns them: bytes, text or JSON.
   *
   * @throws Fault when the service answered with one; REQUEST_EXPIRED, WAIT_ABORTED, SHUTTING_DOWN,
   *   INVALID_ARGUMENT, TOO_MANY_PENDING, IDEMPOTENCY_MISMATCH
   */
  readonly request: (queueName: string, contents: unknown, options?: RequestOptions) => Promise<Reply>;
  /** Requests without an end, those of earlier processes on the same store included. */
  pending(): Promise<number>;
  /** Rejects what still waits with SHUTTING_DOWN; with a store those requests go on. Default deadline 5,000 ms. */
  stop(deadlineMs?: number): Promise<void>;
}

const defaultTimeoutMs = 30_000;
/** Expiry is found a little after the deadline; the wait must outlast that. */
const graceMs = 2_000;

export function createRequestor(options: CreateRequestorOptions): LibraryRequestor {
  const { broker, own, control, logger } = options.broker.parts;
  const problem = queueNameProblem('replyQueue', options.replyQueue);
  if (problem !== undefined || own.isReserved(options.replyQueue)) {
    const allowed = toProblem('replyQueue', options.replyQueue, 'a queue of this requestor alone');
    throw new ReplytoError('INVALID_ARGUMENT', { problems: [problem ?? allowed] });
  }
  const store = options.store ?? openStore('sqlite::memory:');
  const maxPending = options.maxPending ?? 100_000;
  const requestReply = createRequestReply({
    store,
    broker,
    own,
    replies: queue(options.replyQueue),
    clock,
    newId,
    logger,
    meter: silentMeter,
    instance: newId(),
    receiptTimeoutMs: 30_000,
    prefetch: 500,
    maxPending,
    maxUnsent: maxPending,
    maxReplyBytes: Number.MAX_SAFE_INTEGER,
  });
  const { requestor, correlator, watch } = requestReply;
  const parts = createParts(
    [
      ...requestReply.parts,
      {
        name: 'correlator',
        start: () => correlator.start(),
        stop: (deadlineMs) => correlator.stop(deadlineMs),
      },
      { name: 'waits', start: () => undefined, stop: () => watch.stop() },
    ],
    logger,
    () => clock.monotonic(),
  );
  let isStopped = false;

  async function cancel(id: string): Promise<void> {
    const outcome = await requestor.cancel(id);
    if (outcome?.changed === true) await control.publish({ type: 'cancel', requestId: id });
  }

  return {
    start: () => parts.start(),
    request: async (queueName, contents, requestOptions = {}) => {
      if (isStopped) throw new ReplytoError('SHUTTING_DOWN');
      const request = toNewRequest(queueName, contents, requestOptions);
      const { signal } = requestOptions;
      const waitMs = (requestOptions.timeoutMs ?? defaultTimeoutMs) + graceMs;
      const answer = await requestor.request(request, { waitMs, signal });
      if (answer.reply === null && signal?.aborted === true) {
        await cancel(request.id).catch((error: unknown) => {
          logger.info({ err: error, requestId: request.id }, 'an aborted request could not be cancelled');
        });
        throw new ReplytoError('WAIT_ABORTED', { requestId: request.id });
      }
      return toReply(answer);
    },
    pending: async () => (await store.requests.counts()).pending,
    async stop(deadlineMs = 5_000) {
      isStopped = true;
      await parts.stop(deadlineMs);
      if (options.store === undefined) await store.close();
    },
  };
}

function toNewRequest(queueName: string, value: unknown, options: RequestOptions): NewRequest {
  const { body, contentType, headers } = toContents(value);
  const id = options.messageId ?? newId();
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const problems = [
    queueNameProblem('queue', queueName),
    messageIdProblem('messageId', id),
    timeoutMs > 0 ? undefined : toProblem('timeoutMs', timeoutMs, 'milliseconds, more than 0'),
  ].filter((problem): problem is Problem => problem !== undefined);
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
  return {
    id,
    queue: queueName,
    replyTo: null,
    oneWay: false,
    time: clock.now(),
    contentType,
    body,
    properties: toProperties(options, body),
    applicationHeaders: headers,
    timeoutMs,
    fingerprint: fingerprint([queueName, body]),
    brokerExpiry: false,
  };
}

function toProperties(
  { conversationId, project, priority }: RequestOptions,
  body: Uint8Array,
): MessageProperties {
  return {
    contentDigest: contentDigest(body),
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(project === undefined ? {} : { project }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function toReply({ record, reply }: Answer): Reply {
  if (reply === null) {
    const facts = { requestId: record.id, destination: record.queue };
    if (record.status === 'expired') throw new ReplytoError('REQUEST_EXPIRED', facts);
    if (record.status === 'cancelled') throw new ReplytoError('REQUEST_CANCELLED', facts);
    throw new ReplytoError('SHUTTING_DOWN', facts);
  }
  if (reply.fault !== null) throw new Fault(reply.fault.code, reply.fault.message, reply.fault);
  return fromStored(reply);
}

function fromStored({
  messageId,
  requestId,
  time,
  contentType,
  body,
  applicationHeaders,
}: StoredReply): Reply {
  return {
    messageId,
    correlationId: requestId,
    time,
    contentType,
    body,
    headers: applicationHeaders,
    ...readableBody(body),
  };
}
