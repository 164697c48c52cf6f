/**
 * The engine of the outbox relay: claims stored items under a lease, sends them, records what became of each.
 * An item is in exactly one place at any instant: in the store for whoever claims it, or in flight here.
 * Failure: what was surely not written goes back as it was; what may have been written goes back marked, so
 * that the next send is a resend; a queue that does not confirm is held back. Shutdown: no new claims, what is
 * in flight gets until the deadline, the rest is found by its lease after the next start.
 */
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError, toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { createShares } from '#core/shares.js';
import { createHeldQueues } from './held-queues.js';
import { createInFlight } from './in-flight.js';
import { createTimers } from './timers.js';

export interface SendLineOptions<T> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: string;
  readonly leaseMs: number;
  readonly maxInFlight: number;
  /** Whether a sending connection is up: only then is anything claimed. */
  readonly isUp: () => boolean;
  readonly claim: (claim: SendClaim) => Promise<T[]>;
  readonly queueOf: (item: T) => string;
  /** Of its body. */
  readonly bytesOf: (item: T) => number;
  /** Rejects as MessageChannel.send does. */
  readonly send: (item: T) => Promise<void>;
  /** Stores the outcome; `error` null = confirmed; `tookMs` since `send` was called, 0 when it was not. */
  readonly finish: (item: T, error: ReplytoError | null, tookMs: number) => Promise<void>;
  /** Keeps the leases of what is still in flight. */
  readonly renew: (items: readonly T[]) => Promise<void>;
}

export interface SendLine<T> {
  start(): void;
  /** Looks for work now. */
  wake(): void;
  /** Whether an item for this queue may be sent at once, past the store. */
  hasRoom(queue: string): boolean;
  /** Sends an item whose lease this owner holds already. Never rejects. */
  sendOwned(item: T): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
  readonly inFlight: number;
  heldQueues(): readonly string[];
}

const claimAtOnce = 200;
/** A claim is one turn of the event loop, and heart-beats wait for it. */
const claimBytesAtOnce = 4 * 1024 * 1024;
/** Of the bodies under way: more than the connections have room for, and the process has memory for it. */
const mostBytesInFlight = 64 * 1024 * 1024;
/** Leases that ran out and retries that became due are found by looking this often. */
const lookEveryMs = 1_000;

/** Its queue takes nothing at present. */
const holding: ReadonlySet<ErrorCode> = new Set(['RECEIPT_TIMEOUT', 'BROKER_FULL', 'SEND_REFUSED']);

export function createSendLine<T>(options: SendLineOptions<T>): SendLine<T> {
  const { clock, logger } = options;
  const items = new Set<T>();
  const inFlight = createInFlight(clock);
  const claims = createInFlight(clock);
  const held = createHeldQueues(clock, (queue) => void probe(queue));
  const timers = createTimers(clock);
  const shares = createShares({ places: options.maxInFlight, bytes: mostBytesInFlight });
  let running = false;
  let claiming = false;
  let lookAgain = false;
  /** A queue was left out because it has its share, or all were: what ends makes room. */
  let hasLeftOut = false;

  /** Claims and begins to send; returns what. */
  function take(scope: Pick<SendClaim, 'limit' | 'enoughBytes' | 'queue' | 'exceptQueues'>): Promise<T[]> {
    return claims.run(async () => {
      const { owner, leaseMs } = options;
      const claimed = await options.claim({ owner, leaseMs, ...scope });
      if (isRunning()) for (const item of claimed) void sendOwned(item);
      else await Promise.all(claimed.map((item) => finish(item, unsent(), 0)));
      return claimed;
    });
  }

  /** Claims a part of what there is room for, so that all queues get places; says whether there may be more. */
  async function takeSome(): Promise<boolean> {
    const limit = Math.min(claimAtOnce, Math.ceil(shares.left / 4));
    const enoughBytes = Math.min(claimBytesAtOnce, Math.ceil(shares.leftBytes / 4));
    const isFull = limit === 0 || enoughBytes === 0;
    const crowded = shares.crowded();
    hasLeftOut ||= isFull || crowded.length > 0;
    if (isFull) return false;
    const taken = await take({ limit, enoughBytes, exceptQueues: [...held.names(), ...crowded] });
    const bytes = taken.reduce((sum, item) => sum + options.bytesOf(item), 0);
    return taken.length === limit || bytes >= enoughBytes;
  }

  /** A function, because stop() may have been called during an await. */
  function isRunning(): boolean {
    return running;
  }

  /** One look at a time: a wake during a look makes it look again. */
  async function look(): Promise<void> {
    if (!running || !options.isUp()) return;
    if (claiming) {
      lookAgain = true;
      return;
    }
    claiming = true;
    try {
      if (await takeSome()) lookAgain = true;
    } catch (error) {
      // The next look comes by the clock; without a store there is nothing to send.
      lookAgain = false;
      logger.warn({ err: error }, 'cannot look for messages to send');
    } finally {
      claiming = false;
    }
    if (lookAgain) {
      lookAgain = false;
      void look();
    }
  }

  async function probe(queue: string): Promise<void> {
    if (!options.isUp()) {
      held.postpone(queue);
      return;
    }
    try {
      if ((await take({ limit: 1, queue })).length > 0) return;
      held.release(queue);
      logger.info({ queue }, 'nothing waits any more for a queue that was held back');
    } catch (error) {
      logger.warn({ err: error, queue }, 'cannot probe a queue');
      held.postpone(queue);
    }
  }

  async function sendOwned(item: T): Promise<void> {
    items.add(item);
    const leave = shares.take(options.queueOf(item), options.bytesOf(item));
    await inFlight.run(() => sendAndFinish(item));
    leave();
    items.delete(item);
    if (!hasLeftOut) return;
    hasLeftOut = false;
    void look();
  }

  async function sendAndFinish(item: T): Promise<void> {
    const queue = options.queueOf(item);
    const beganAt = clock.monotonic();
    let failure: ReplytoError | null = null;
    try {
      await options.send(item);
    } catch (error) {
      failure = toReplytoError(error);
    }
    const tookMs = clock.monotonic() - beganAt;
    follow(queue, failure);
    await finish(item, failure, tookMs);
  }

  async function finish(item: T, failure: ReplytoError | null, tookMs: number): Promise<void> {
    try {
      await options.finish(item, failure, tookMs);
    } catch (error) {
      // Its lease runs out and it is sent again: a duplicate with the same id, never a loss.
      logger.warn({ err: error, queue: options.queueOf(item) }, 'cannot store what became of a message');
    }
  }

  function follow(queue: string, failure: ReplytoError | null): void {
    if (failure === null) {
      if (!held.isHeld(queue)) return;
      held.release(queue);
      logger.info({ queue }, 'the queue takes messages again');
      void look();
    } else if (holding.has(failure.code)) {
      const { code, message: reason } = failure;
      if (held.hold(queue)) logger.warn({ queue, code, reason }, 'the queue is held back');
    } else {
      held.postpone(queue);
    }
  }

  return {
    start() {
      running = true;
      timers.every(lookEveryMs, look);
      timers.every(options.leaseMs / 3, async () => {
        if (items.size === 0) return;
        await options
          .renew([...items])
          .catch((error: unknown) => logger.warn({ err: error }, 'cannot renew send leases'));
      });
      void look();
    },
    wake: () => void look(),
    hasRoom: (queue) => running && options.isUp() && shares.hasRoom(queue, 0) && !held.isHeld(queue),
    sendOwned,
    async stop(deadlineMs) {
      running = false;
      held.stop();
      timers.stop();
      await Promise.all([claims.idle(deadlineMs), inFlight.idle(deadlineMs)]);
    },
    get inFlight() {
      return inFlight.size;
    },
    heldQueues: () => held.names(),
  };
}

/** What was claimed while the line was being stopped. */
function unsent(): ReplytoError {
  return new ReplytoError('BROKER_UNAVAILABLE', { detail: 'this process is stopping; nothing was sent' });
}
