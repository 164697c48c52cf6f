/**
 * Requestor of Request-Reply (https://www.enterpriseintegrationpatterns.com/RequestReply.html), durable: a request
 * is on disk before it is sent, and whoever waits was registered before that, so no reply slips through.
 * Guarantee: what was accepted reaches its queue at least once and ends in exactly one final state. Failure: an
 * away broker leaves the request in the store for the outbox relay; an away store refuses it, nothing is sent.
 * Shutdown: waits end without an answer, the request goes on.
 */
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem, toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Meter } from '#core/ports/meter.js';
import type { AcceptOutcome, RequestContent, RequestStore } from '#core/ports/request-store.js';
import { isFinal, isVisibleTo } from '#core/request.js';
import type { NewRequest, RequestRecord, StoredReply, StoredRequest } from '#core/request.js';
import type { Admission } from './admission.js';
import type { OutboxRelay } from './outbox-relay.js';
import type { RequestChange, RequestWatch, Wait, WaitOptions } from './request-watch.js';

export interface RequestorOptions {
  readonly store: RequestStore;
  readonly relay: OutboxRelay;
  readonly watch: RequestWatch;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Called for each new request that is not sent here at once; default: the relay finds it by itself. */
  readonly onLeft?: () => void;
}

export interface Answer {
  readonly record: RequestRecord;
  /** The first reply, when there is one. */
  readonly reply: StoredReply | null;
  /** The same request had been posted before; it was joined, not sent again. */
  readonly joined: boolean;
}

interface AskOptions extends WaitOptions {
  /** Called when the request is on disk; `joined` when it was before. */
  readonly onAccepted?: (joined: boolean) => void;
}

export interface Requestor {
  /**
   * Accepts the request, sends it, and waits for its end at most `waitMs` (0 = not at all).
   *
   * @throws IDEMPOTENCY_MISMATCH, MESSAGE_ID_TAKEN, TOO_MANY_PENDING, OUTBOX_FULL, STORE_UNAVAILABLE: nothing was stored or sent.
   */
  request(request: NewRequest, wait: AskOptions): Promise<Answer>;
  /**
   * Waits for the end of a known request, at most `waitMs`. Null, at once, when it is unknown or not visible to this
   * name; default name null, who may know of all.
   */
  follow(id: string, wait: WaitOptions, name?: string | null): Promise<Omit<Answer, 'joined'> | null>;
  /** Cancels an open request. Null when it is unknown or not visible to this name. */
  cancel(
    id: string,
    name?: string | null,
  ): Promise<{ readonly record: RequestRecord; readonly changed: boolean } | null>;
}

export function createRequestor(options: RequestorOptions): Requestor {
  const { store, relay, watch, admission, meter } = options;

  async function accept(request: NewRequest): Promise<{ record: RequestRecord; joined: boolean }> {
    await admit(request);
    const owner = relay.canSendNow(request.queue) ? relay.instance : null;
    const outcome = await keep(request, owner);
    if (outcome.kind === 'mismatch') {
      throw new ReplytoError('IDEMPOTENCY_MISMATCH', {
        detail: `the message id ${request.id} was used before with another body, queue or Reply-To`,
        problems: outcome.differs.map((content) => contentProblem(content, request)),
        requestId: request.id,
      });
    }
    if (outcome.kind === 'taken') throw new ReplytoError('MESSAGE_ID_TAKEN');
    const { record } = outcome;
    if (outcome.kind === 'joined') {
      meter.count('requests-joined');
      return { record, joined: true };
    }
    meter.count('requests-accepted');
    admission.accepted(request);
    if (owner !== null) relay.sendNow(toStored(record, request));
    else options.onLeft?.();
    return { record, joined: false };
  }

  async function keep(request: NewRequest, owner: string | null): Promise<AcceptOutcome> {
    try {
      return await store.accept(request, { owner, leaseMs: relay.leaseMs });
    } catch (error) {
      throw admission.refused(error);
    }
  }

  /** The limits are for new requests: whoever repeats a post may learn what became of it. */
  async function admit(request: NewRequest): Promise<void> {
    const limit = limitReached(request);
    if (limit === null) return;
    if ((await admission.countAgain()) && limitReached(request) === null) return;
    if ((await store.find(request.id)) === null) throw limit;
  }

  function limitReached(request: NewRequest): ReplytoError | null {
    try {
      admission.check(request);
      return null;
    } catch (limit) {
      return toReplytoError(limit);
    }
  }

  /** Until it has ended; the reply is read where the change did not bring it. */
  async function settled(
    record: RequestRecord,
    wait: Wait,
  ): Promise<{ record: RequestRecord; reply: StoredReply | null }> {
    if (isFinal(record.status)) return { record, reply: await firstReply(record) };
    const change = await wait.outcome;
    if (change === null) return lastSeen(record);
    return { record: change.record, reply: change.reply ?? (await firstReply(change.record)) };
  }

  /**
   * It was accepted and goes on, whatever becomes of the store while its caller waits: the record in hand is a truer
   * answer than an error that says that nothing was accepted.
   */
  function settledOr(record: RequestRecord, wait: Wait): ReturnType<typeof settled> {
    return settled(record, wait).catch((error: unknown) => {
      if (isFinal(record.status) || toReplytoError(error).category !== 'store') throw error;
      return { record, reply: null };
    });
  }

  /** The wait is over without an end, but the request may have moved on since it was read. */
  async function lastSeen(
    record: RequestRecord,
  ): Promise<{ record: RequestRecord; reply: StoredReply | null }> {
    const current = (await store.find(record.id)) ?? record;
    return { record: current, reply: await firstReply(current) };
  }

  function firstReply(record: RequestRecord): Promise<StoredReply | null> {
    return record.replies > 0 ? store.findReply(record.id, 1) : Promise.resolve(null);
  }

  return {
    async request(request, limits) {
      const wait = watch.wait(request.id, hasEnded, limits);
      try {
        const { record, joined } = await accept(request);
        limits.onAccepted?.(joined);
        // Nobody waits for what was only just accepted.
        if (limits.waitMs <= 0 && !isFinal(record.status)) return { record, reply: null, joined };
        return { ...(await settledOr(record, wait)), joined };
      } finally {
        // When accept failed or the request had ended before, nobody waits any more.
        wait.end();
      }
    },

    async follow(id, limits, name = null) {
      const wait = watch.wait(id, hasEnded, limits);
      try {
        const record = await store.find(id);
        return record === null || !isVisibleTo(name, record) ? null : await settled(record, wait);
      } finally {
        wait.end();
      }
    },

    async cancel(id, name = null) {
      // Before the cancel, and in its transaction: that it was sent belongs to its history.
      void relay.marks.release(id);
      const outcome = await store.cancel(id, name);
      if (outcome?.changed === true) {
        meter.count('requests-cancelled');
        admission.ended(outcome.record);
        watch.notify({ record: outcome.record, reply: null });
      }
      return outcome;
    },
  };
}

function hasEnded({ record }: RequestChange): boolean {
  return isFinal(record.status);
}

function toStored(record: RequestRecord, request: NewRequest): StoredRequest {
  const { contentType, body, properties, applicationHeaders, brokerExpiry } = request;
  return { ...record, contentType, body, properties, applicationHeaders, brokerExpiry };
}

/** Names what is not the same, and shows only what came now: the first request may be of somebody else. */
function contentProblem(
  content: RequestContent,
  { queue, replyTo, oneWay, properties }: NewRequest,
): Problem {
  switch (content) {
    case 'queue':
      return toProblem('queue', queue, 'the queue of the first request with this Message-ID');
    case 'replyTo':
      return toProblem(
        'Reply-To',
        oneWay ? 'none' : replyTo,
        'the same as of the first request with this Message-ID',
      );
    case 'body':
      return toProblem(
        'body',
        properties.contentDigest,
        'the bytes of the first request with this Message-ID; this is the digest of those that came',
      );
  }
}
