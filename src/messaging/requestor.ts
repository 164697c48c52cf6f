/**
 * Requestor of Request-Reply (https://www.enterpriseintegrationpatterns.com/RequestReply.html), durable: a request
 * is on disk before it is sent, and whoever waits was registered before that, so no reply slips through.
 * Guarantee: what was accepted reaches its queue at least once and ends in exactly one final state. Failure: an
 * away broker leaves the request in the store for the outbox relay; an away store refuses it, nothing is sent.
 * Shutdown: waits end without an answer, the request goes on.
 */
import { toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { isFinal, isVisibleTo } from '#core/request.js';
import type { NewRequest, RequestRecord, StoredReply } from '#core/request.js';
import { refuseOther, toStored } from './accepted-request.js';
import type { Admission } from './admission.js';
import { admit, kept } from './admitting.js';
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

/** A request that is on disk. */
export interface Accepted {
  readonly record: RequestRecord;
  readonly joined: boolean;
}

export interface AskOptions extends WaitOptions {
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
  /** The same with another way of accepting: whoever waits is known before that. */
  acceptAndWait(id: string, accept: () => Promise<Accepted>, wait: AskOptions): Promise<Answer>;
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

  async function accept(request: NewRequest): Promise<Accepted> {
    await admit(options, request);
    const owner = relay.canSendNow(request.queue) ? relay.instance : null;
    const keeping = store.accept(request, { owner, leaseMs: relay.leaseMs });
    const { kind, record } = refuseOther(await kept(options, keeping), request);
    if (kind === 'joined') {
      meter.count('requests-joined');
      return { record, joined: true };
    }
    meter.count('requests-accepted');
    admission.accepted(request);
    if (owner !== null) relay.sendNow(toStored(record, request));
    else options.onLeft?.();
    return { record, joined: false };
  }

  /** Until it has ended; the reply is read where the change did not bring it. */
  async function settled(
    record: RequestRecord,
    wait: Wait,
  ): Promise<{ record: RequestRecord; reply: StoredReply | null }> {
    if (isFinal(record.status)) return { record, reply: await firstReply(record) };
    const change = await wait.outcome;
    if (change === null) return lastSeen(record);
    // The answer is the first, also where this process took a further one before it heard of the first from another.
    const isAnswer = change.reply?.number === 1;
    return { record: change.record, reply: isAnswer ? change.reply : await firstReply(change.record) };
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

  async function acceptAndWait(
    id: string,
    acceptIt: () => Promise<Accepted>,
    limits: AskOptions,
  ): Promise<Answer> {
    const wait = watch.wait(id, hasEnded, limits);
    try {
      const { record, joined } = await acceptIt();
      limits.onAccepted?.(joined);
      // Nobody waits for what was only just accepted.
      if (limits.waitMs <= 0 && !isFinal(record.status)) return { record, reply: null, joined };
      return { ...(await settledOr(record, wait)), joined };
    } finally {
      // When accept failed or the request had ended before, nobody waits any more.
      wait.end();
    }
  }

  return {
    request: (request, limits) => acceptAndWait(request.id, () => accept(request), limits),
    acceptAndWait,

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
