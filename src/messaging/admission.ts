/**
 * Admission control: how many requests may be open, in all, of one name and for one queue, and how many may wait for an away
 * broker. Counted in memory and set right from the store now and then, because a count per request would cost more than the
 * request; so of what other instances take in, each knows what was so ten seconds ago, and together they may go beyond a limit
 * by what they take in meanwhile. Whoever is refused is told when to come back, by how fast places come free.
 */
import { ReplytoError, isReplytoError } from '#core/errors.js';
import { groupBy } from '#core/group-by.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestCounts, RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { toRetryAfterSeconds } from '#core/retry-after.js';
import { shareRefusal } from './name-shares.js';
import type { OpenTally } from './open-tally.js';
import { createOpenTally } from './open-tally.js';
import { createOutage } from './outage.js';
import { createTimers } from './timers.js';

export interface AdmissionOptions {
  readonly store: Pick<RequestStore, 'countsByQueue' | 'countsByName'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Requests that have not ended; beyond it TOO_MANY_PENDING. */
  readonly maxPending: number;
  /** The same for one queue. Asked once for as long as the queue has open requests. */
  readonly maxPendingOf: (queue: string) => number;
  /** Requests not sent yet; beyond it OUTBOX_FULL. */
  readonly maxUnsent: number;
  /** Whether the broker takes messages now. */
  readonly isUp: () => boolean;
  /** Whether others begin and end requests, too. */
  readonly isShared: boolean;
  /** 0 up to 1, for jitter. */
  readonly random: () => number;
}

/** Whose request it is, and for which queue; `postedBy` null where nobody has a name. */
type Asked = Pick<RequestRecord, 'postedBy' | 'queue'>;

export interface Admission {
  /**
   * @param children what would come in with it, and be sent in its place; default none
   * @throws TOO_MANY_PENDING, OUTBOX_FULL
   */
  check(request: Asked, children?: readonly Asked[]): void;
  accepted(request: Asked): void;
  /** One that goes to no queue itself: it is open, and not waiting to be sent. */
  opened(request: Asked): void;
  sent(): void;
  ended(request: Asked): void;
  /** The same error; of an away store with how long it may stay so. */
  refused(error: unknown): unknown;
  /**
   * For who would be refused: what others ended meanwhile makes room. Resolves with whether there are newer counts than before;
   * asks the store only where it is shared, and so seldom that it costs little.
   */
  countAgain(): Promise<boolean>;
  counts(): RequestCounts;
  /** Reads the true counts, then again every ten seconds. */
  start(): Promise<void>;
  stop(): void;
}

interface QueueTally extends OpenTally {
  readonly limit: number;
}

const recountEveryMs = 10_000;
/** Between two counts of who would be refused, and at least so many times as long as one takes. */
const countAgainAfterMs = 250;
const countAgainShare = 10;
/** Beyond it only those with the most open requests are held to their limit: names of queues come from strangers. */
export const mostQueues = 10_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { store, clock, logger, maxPending, maxUnsent, isUp, random } = options;
  const all = createOpenTally(clock);
  const unsent = createOpenTally(clock);
  const queues = new Map<string, QueueTally>();
  let ofNames = new Map<string, number>();
  const brokerOutage = createOutage(clock);
  const storeOutage = createOutage(clock);
  const timers = createTimers(clock);

  let countedAt = -Infinity;
  let countTookMs = 0;
  let counting: Promise<void> | undefined;

  function recount(): Promise<void> {
    counting ??= recountNow().finally(() => (counting = undefined));
    return counting;
  }

  async function recountNow(): Promise<void> {
    const beganAt = clock.monotonic();
    // Also of a failure: a store that is away is not asked for each refusal.
    countedAt = beganAt;
    await count();
    countTookMs = clock.monotonic() - beganAt;
  }

  async function count(): Promise<void> {
    brokerOutage.sees(!isUp());
    const [byQueue, byName] = [await store.countsByQueue(), await store.countsByName()];
    ofNames = new Map(byName);
    const sum = { pending: 0, unsent: 0 };
    for (const counts of byQueue.values()) {
      sum.pending += counts.pending;
      sum.unsent += counts.unsent;
    }
    all.setRight(sum.pending);
    unsent.setRight(sum.unsent);
    setQueuesRight(byQueue);
  }

  function setQueuesRight(byQueue: ReadonlyMap<string, RequestCounts>): void {
    for (const [queue, tally] of queues) {
      tally.setRight(byQueue.get(queue)?.pending ?? 0);
      if (tally.open === 0) queues.delete(queue);
    }
    for (const [queue, { pending }] of crowdedFirst(byQueue)) {
      if (queues.size >= mostQueues) break;
      if (!queues.has(queue)) tallyOf(queue)?.setRight(pending);
    }
  }

  function tallyOf(queue: string): QueueTally | undefined {
    const known = queues.get(queue);
    if (known !== undefined || queues.size >= mostQueues) return known;
    const tally = Object.assign(createOpenTally(clock), { limit: options.maxPendingOf(queue) });
    queues.set(queue, tally);
    return tally;
  }

  const of = (name: string | null): number => (name === null ? 0 : (ofNames.get(name) ?? 0));

  function changeName(name: string | null, by: 1 | -1): void {
    if (name === null) return;
    const count = of(name) + by;
    if (count > 0) ofNames.set(name, count);
    else ofNames.delete(name);
  }

  const toSeconds = (ms: number | undefined): { readonly retryAfterSeconds?: number } =>
    ms === undefined ? {} : { retryAfterSeconds: toRetryAfterSeconds(ms, random()) };

  /** @param count of requests that would come in */
  function checkPending({ postedBy: name }: Asked, count: number): void {
    const more = count - 1;
    const own = of(name);
    const refusal = shareRefusal({
      ...{ limit: maxPending, all: all.open + more, own: own + more, name, what: 'requests are open' },
    });
    if (refusal === null) return;
    // Of one name that has its share: places for it come free as fast as it has a part of all.
    const isFull = all.open + more >= maxPending;
    const ms = isFull ? all.freeInMs(maxPending - more) : all.freeInMs(all.open);
    const share = isFull ? 1 : own / all.open;
    throw new ReplytoError('TOO_MANY_PENDING', {
      detail: refusal,
      ...toSeconds(ms === undefined ? undefined : ms / share),
    });
  }

  function checkQueue(queue: string, count: number): void {
    const tally = queues.get(queue);
    if (tally === undefined || tally.open + count <= tally.limit) return;
    throw new ReplytoError('TOO_MANY_PENDING', {
      detail: `${tally.open} requests are open for queue '${queue}'; its limit is ${tally.limit}`,
      destination: queue,
      ...toSeconds(tally.freeInMs(tally.limit - count + 1)),
    });
  }

  function checkUnsent(count: number): void {
    if (unsent.open + count <= maxUnsent) return;
    brokerOutage.sees(!isUp());
    const ms = isUp() ? unsent.freeInMs(maxUnsent - count + 1) : brokerOutage.expectedMs();
    const others = count > 1 ? ` and ${count} are to come` : '';
    throw new ReplytoError('OUTBOX_FULL', {
      detail: `${unsent.open} requests wait for the broker${others}; the limit is ${maxUnsent}`,
      ...toSeconds(ms),
    });
  }

  function began({ postedBy, queue }: Asked): void {
    all.began();
    tallyOf(queue)?.began();
    changeName(postedBy, 1);
  }

  return {
    check(request, children = []) {
      checkPending(request, 1 + children.length);
      checkQueue(request.queue, 1);
      for (const [queue, asked] of groupBy(children, (child) => child.queue)) checkQueue(queue, asked.length);
      checkUnsent(Math.max(1, children.length));
    },
    accepted(request) {
      storeOutage.sees(false);
      unsent.began();
      began(request);
    },
    opened: began,
    sent: () => unsent.ended(),
    ended({ postedBy, queue }) {
      all.ended();
      queues.get(queue)?.ended();
      changeName(postedBy, -1);
    },
    refused(error) {
      if (!isReplytoError(error) || error.category !== 'store' || !error.retryable) return error;
      storeOutage.sees(true);
      const { message: detail, code, requestId } = error;
      return new ReplytoError(code, {
        ...{ detail, cause: error.cause, ...(requestId === undefined ? {} : { requestId }) },
        ...toSeconds(storeOutage.expectedMs()),
      });
    },
    async countAgain() {
      if (!options.isShared) return false;
      const sinceMs = clock.monotonic() - countedAt;
      const isRecent = sinceMs < Math.max(countAgainAfterMs, countTookMs * countAgainShare);
      if (counting === undefined && isRecent) return false;
      return recount().then(
        () => true,
        () => false,
      );
    },
    counts: () => ({ pending: all.open, unsent: unsent.open }),
    async start() {
      await recount();
      timers.every(recountEveryMs, () =>
        recount().catch((error: unknown) => logger.warn({ err: error }, 'cannot count the open requests')),
      );
    },
    stop: () => timers.stop(),
  };
}

/** Sorted only where not all have a place. */
function crowdedFirst(
  byQueue: ReadonlyMap<string, RequestCounts>,
): Iterable<readonly [string, RequestCounts]> {
  if (byQueue.size <= mostQueues) return byQueue;
  return [...byQueue].sort(([, one], [, other]) => other.pending - one.pending);
}
