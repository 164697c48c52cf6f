import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';

/** The receipts that one connection waits for. Each ends: it comes, it is refused, its deadline passes, its connection ends. */
export interface Receipts {
  /**
   * Runs `write` with a new receipt id and follows that receipt. What `write` throws rejects at once: the frame
   * was not written. `bytes` is its size; 0 for a subscription.
   */
  confirmed(destination: string, write: (receiptId: string) => void, bytes?: number): Promise<void>;
  /** The receipt came, or an ERROR in its place. False when nobody waits for it. */
  settle(receiptId: string, refusal?: ReplytoError): boolean;
  /**
   * An ERROR came that names no frame, as Artemis answers a subscription: where nothing but subscriptions is awaited it can be
   * about no other.
   */
  refuseSubscriptions(refusal: ReplytoError): void;
  /**
   * The broker takes none of the frames to the destinations that the ERROR quotes; none at all when it quotes no
   * destination of those awaited.
   */
  refuseAll(isAbout: (destination: string) => boolean, refusal: Refusal): void;
  destinationOf(receiptId: string): string | undefined;
  /**
   * One of the frames was too large for the broker, which does not say which: then it has not taken the largest, and that
   * one is rejected with INVALID_ARGUMENT: this queue and others may well take the next message.
   */
  refuseLargest(detail: string): void;
  /**
   * One of the frames was refused, which the broker does not name. It is the oldest one of those that the ERROR is about;
   * else the only one there is; else the one left over when the others of this moment are confirmed. False when none is
   * awaited. `isAbout` tells for a destination whether the ERROR quotes it, `refusal` is made for the destination found.
   */
  refuseUnnamed(isAbout: (destination: string) => boolean, refusal: Refusal): boolean;
  /** Resolves when none is awaited. */
  idle(): Promise<void>;
  /** The connection has ended: whether what is still awaited arrived cannot be known. */
  abandon(reason: ReplytoError): void;
  readonly size: number;
  /** Whether one of them was refused, and which one is not found yet. */
  readonly areInDoubt: boolean;
  /** When the oldest of those frames was written, monotonic; undefined when none is awaited. */
  readonly oldestAt: number | undefined;
}

export interface ReceiptsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Of the broker, for errors. */
  readonly name: string;
  /** Called after a receipt missed its deadline and was rejected with RECEIPT_TIMEOUT. */
  readonly onTimeout: (detail: string) => void;
}

type Refusal = (destination: string) => ReplytoError;

/** A refused frame that is not found yet: one of those that were awaited when the ERROR came. */
interface Doubt {
  readonly among: ReadonlySet<string>;
  readonly refusal: Refusal;
}

interface Awaited {
  readonly resolve: () => void;
  readonly reject: (reason: ReplytoError) => void;
  readonly cancelDeadline: () => void;
  readonly destination: string;
  readonly bytes: number;
  readonly writtenAt: number;
}

export function createReceipts({ clock, timeoutMs, name, onTimeout }: ReceiptsOptions): Receipts {
  const awaited = new Map<string, Awaited>();
  let doubts: Doubt[] = [];
  const idleListeners: (() => void)[] = [];
  let lastId = 0;
  let awaitedBytes = 0;

  function settle(receiptId: string, refusal?: ReplytoError): boolean {
    const entry = awaited.get(receiptId);
    if (entry === undefined) return false;
    awaited.delete(receiptId);
    awaitedBytes -= entry.bytes;
    entry.cancelDeadline();
    if (refusal === undefined) entry.resolve();
    else entry.reject(refusal);
    resolveDoubts();
    if (awaited.size === 0) for (const listener of idleListeners.splice(0)) listener();
    return true;
  }

  /** As many refusals as frames are left that they may be about: then they are these. */
  function resolveDoubts(): void {
    for (const [index, { among }] of doubts.entries()) {
      const left = [...awaited.keys()].filter((id) => among.has(id));
      if (left.length > index + 1) continue;
      const resolved = doubts.slice(0, index + 1);
      doubts = doubts.slice(index + 1);
      for (const [nth, id] of left.entries()) {
        const refusal = resolved[nth]?.refusal(awaited.get(id)?.destination ?? '');
        if (refusal !== undefined) settle(id, refusal);
      }
      return;
    }
  }

  return {
    confirmed(destination, write, bytes = 0) {
      const receiptId = `r${++lastId}`;
      return new Promise((resolve, reject) => {
        const cancelDeadline = clock.after(timeoutMs, () => {
          const detail = `${name} did not confirm within ${timeoutMs} ms`;
          settle(receiptId, new ReplytoError('RECEIPT_TIMEOUT', { detail, destination }));
          onTimeout(detail);
        });
        const writtenAt = clock.monotonic();
        awaited.set(receiptId, { resolve, reject, cancelDeadline, destination, bytes, writtenAt });
        awaitedBytes += bytes;
        try {
          write(receiptId);
        } catch (error) {
          const detail = `cannot write to ${name}`;
          settle(
            receiptId,
            isReplytoError(error) ? error : new ReplytoError('BROKER_UNAVAILABLE', { detail, cause: error }),
          );
        }
      });
    },
    settle,
    refuseSubscriptions(refusal) {
      if (awaitedBytes > 0) return;
      for (const receiptId of [...awaited.keys()]) settle(receiptId, refusal);
    },
    refuseAll(isAbout, refusal) {
      const all = [...awaited].map(([id, { destination }]) => ({ id, destination }));
      const quoted = all.filter(({ destination }) => isAbout(destination));
      for (const { id, destination } of quoted.length > 0 ? quoted : all) settle(id, refusal(destination));
    },
    destinationOf: (receiptId) => awaited.get(receiptId)?.destination,
    refuseLargest(detail) {
      const [largest] = [...awaited].sort(([, one], [, other]) => other.bytes - one.bytes);
      if (largest === undefined) return;
      const [receiptId, { destination }] = largest;
      settle(receiptId, new ReplytoError('INVALID_ARGUMENT', { detail, destination }));
    },
    refuseUnnamed(isAbout, refusal) {
      const ids = [...awaited.keys()];
      const quoted = ids.find((id) => isAbout(awaited.get(id)?.destination ?? ''));
      const found = quoted ?? (ids.length === 1 ? ids[0] : undefined);
      if (found !== undefined) return settle(found, refusal(awaited.get(found)?.destination ?? ''));
      if (ids.length === 0) return false;
      doubts.push({ among: new Set(ids), refusal });
      resolveDoubts();
      return true;
    },
    idle: () =>
      awaited.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idleListeners.push(resolve);
          }),
    abandon(reason) {
      doubts = [];
      for (const [id, { destination }] of [...awaited]) {
        settle(
          id,
          new ReplytoError('SEND_UNCONFIRMED', { detail: reason.message, destination, cause: reason }),
        );
      }
    },
    get size() {
      return awaited.size;
    },
    get areInDoubt() {
      return doubts.length > 0;
    },
    get oldestAt() {
      const [oldest] = awaited.values();
      return oldest?.writtenAt;
    },
  };
}
