import { setMaxListeners } from 'node:events';
import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import { roles } from '#core/roles.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import { silentMeter } from '#core/ports/meter.js';
import { refuseProblems } from '#core/refuse-problems.js';
import type { StoredReply } from '#core/request.js';
import type { Requestor } from '#messaging/requestor.js';
import { createParts } from '../parts.js';
import { createRequestReply } from '../request-reply.js';
import { brokerProblem } from './connect-broker.js';
import type { Broker } from './connect-broker.js';
import { inTrace, toGathered, toNewGathering } from './new-gathering.js';
import type { GatheredReplies, RequestAllOptions } from './new-gathering.js';
import { toNewRequest } from './new-request.js';
import type { ExpiringRequest, RequestOptions } from './new-request.js';
import { openPassingStore } from './open-store.js';
import { freeQueue, isObject, nameProblems, numberProblem, textProblem, toOptions } from './option-checks.js';
import { fromStored, toReply } from './reply.js';
import type { Reply } from './reply.js';
import { traceRequest } from './traced-request.js';
import { newId } from '../new-id.js';

export interface CreateRequestorOptions {
  readonly broker: Broker;
  /** A durable queue of this requestor alone; never `{prefix}.replies`, that is the gateways'. */
  readonly replyQueue: string;
  /**
   * Of `openStore(url)`. Without one everything is in memory: a request is forgotten a minute or two after its end, and
   * replies to requests of earlier processes are logged and dropped.
   */
  readonly store?: Store;
  /** Requests open at the same time, 1 to 100,000,000; default 100,000. */
  readonly maxPending?: number;
}

/** Request-reply over the broker, without HTTP. */
export interface LibraryRequestor {
  /** Resolves when replies are being received. */
  start(): Promise<void>;
  /**
   * Sends a request and waits for its reply. `contents` as a handler returns them: bytes, text or JSON.
   *
   * @throws Fault when the service answered with one; REQUEST_EXPIRED, REQUEST_CANCELLED, WAIT_ABORTED, SHUTTING_DOWN;
   *   NO_REPLY_YET when it joined a request with a later deadline, which goes on; before anything is stored or sent
   *   INVALID_ARGUMENT, IDEMPOTENCY_MISMATCH, TOO_MANY_PENDING, OUTBOX_FULL, STORE_UNAVAILABLE, and TypeError when the
   *   contents cannot be written as JSON
   */
  readonly request: (queueName: string, contents: unknown, options?: RequestOptions) => Promise<Reply>;
  /**
   * Sends the same to several queues and gathers their replies: until as many have come as are expected, none has come
   * for `stallMs`, or `totalMs` are over. A Fault is a reply. `queueNames`: 2 to 50, each once.
   *
   * @throws REQUEST_EXPIRED when none has come at all; else as `request` does, but for faults
   */
  readonly requestAll: (
    queueNames: readonly string[],
    contents: unknown,
    options?: RequestAllOptions,
  ) => Promise<GatheredReplies>;
  /** Requests without an end, those of earlier processes on the same store included. */
  pending(): Promise<number>;
  /** Rejects what still waits with SHUTTING_DOWN; with a store those requests go on. Default deadline 5,000 ms. */
  stop(deadlineMs?: number): Promise<void>;
}

/** Expiry is found a little after the deadline; the wait must outlast that. */
const graceMs = 2_000;

const optionNames = Object.keys({
  broker: true,
  replyQueue: true,
  store: true,
  maxPending: true,
} satisfies Record<keyof CreateRequestorOptions, true>);

/** @throws INVALID_ARGUMENT naming every option that is wrong */
export function createRequestor(options: CreateRequestorOptions): LibraryRequestor {
  refuseProblems(optionProblems(toOptions(options)));
  const { broker, own, clock, logger, tracer } = options.broker.parts;
  const store = options.store ?? openPassingStore(clock);
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
    tracer,
    instance: newId(),
    roles,
    receiptTimeoutMs: 30_000,
    prefetch: 500,
    maxPending,
    maxPendingOf: () => maxPending,
    maxUnsent: maxPending,
    maxReplyBytes: Number.MAX_SAFE_INTEGER,
  });
  const { requestor, scatterGather, correlator, watch, announceCancel } = requestReply;
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

  /** Resolves when the request has ended here; its services are told when the broker takes the notice, if it does. */
  async function cancel(requestId: string): Promise<void> {
    const outcome = await requestor.cancel(requestId);
    if (outcome?.changed === true) announceCancel(requestId);
  }

  async function ask(
    request: ExpiringRequest,
    signal: AbortSignal | undefined,
    run: Requestor['request'] = (asked, wait) => requestor.request(asked, wait),
  ): Promise<Reply> {
    const answer = await run(request, { waitMs: request.timeoutMs + graceMs, signal });
    if (answer.reply === null && isAborted(signal)) {
      await cancel(request.id).catch((error: unknown) => {
        logger.info({ err: error, requestId: request.id }, 'an aborted request could not be cancelled');
      });
      throw aborted(request.id, signal?.reason, 'the request is cancelled unless it had ended');
    }
    return toReply(answer, whyUnanswered());
  }

  async function keptReply(id: string): Promise<Reply & Pick<StoredReply, 'fault'>> {
    const reply = await store.requests.findReply(id, 1);
    if (reply !== null) return { ...fromStored(reply), fault: reply.fault };
    throw new ReplytoError('INTERNAL', { requestId: id, cause: 'a reply that was gathered is missing' });
  }

  /** A function, because stop() may have been called during an await. */
  function whyUnanswered(): ErrorCode {
    return isStopped ? 'SHUTTING_DOWN' : 'NO_REPLY_YET';
  }

  return {
    start: () => parts.start(),
    request: async (queueName, contents, requestOptions = {}) => {
      if (isStopped) throw new ReplytoError('SHUTTING_DOWN');
      const request = toNewRequest(queueName, contents, requestOptions, { clock, own });
      const { signal } = requestOptions;
      heed(signal, request.id);
      return traceRequest(tracer, request, (traced) => ask(traced, signal));
    },
    requestAll: async (queueNames, contents, requestOptions = {}) => {
      if (isStopped) throw new ReplytoError('SHUTTING_DOWN');
      const gathering = toNewGathering(queueNames, contents, requestOptions, { clock, own });
      const { parent } = gathering;
      const { signal } = requestOptions;
      heed(signal, parent.id);
      const reply = await traceRequest(tracer, parent, (traced) =>
        ask(traced, signal, (asked, wait) => scatterGather.request(inTrace(gathering, asked), wait)),
      );
      return toGathered(reply, keptReply);
    },
    pending: async () => (await store.requests.counts()).pending,
    async stop(deadlineMs = 5_000) {
      isStopped = true;
      await parts.stop(deadlineMs);
      if (options.store === undefined) await store.close();
    },
  };
}

function optionProblems(given: Partial<CreateRequestorOptions>): (Problem | undefined)[] {
  const noBroker = brokerProblem('broker', given.broker);
  const own = noBroker === undefined ? given.broker?.parts.own : undefined;
  return [
    ...nameProblems(given, optionNames),
    noBroker,
    textProblem('replyQueue', given.replyQueue, freeQueue(own, 'a queue of this requestor alone')),
    given.store === undefined || isStore(given.store)
      ? undefined
      : toProblem('store', undefined, 'a store of openStore'),
    numberProblem('maxPending', given.maxPending, { min: 1, max: 100_000_000 }),
  ];
}

function isStore(given: unknown): boolean {
  return isObject(given) && isObject(given['requests']) && isObject(given['outbox']);
}

/** A function, because it may be aborted during an await. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** @throws WAIT_ABORTED when it is aborted already */
function heed(signal: AbortSignal | undefined, requestId: string): void {
  if (isAborted(signal)) throw aborted(requestId, signal?.reason, 'nothing was stored or sent');
  // Many requests may share the signal of their program: as many listeners are no leak.
  if (signal instanceof EventTarget) setMaxListeners(0, signal);
}

function aborted(requestId: string, reason: unknown, outcome: string): ReplytoError {
  const detail = `the caller aborted its call; ${outcome}`;
  return new ReplytoError('WAIT_ABORTED', { detail, requestId, cause: reason });
}
