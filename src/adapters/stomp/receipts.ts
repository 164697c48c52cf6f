import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';

/** The receipts that one connection waits for. Each ends: it comes, it is refused, its deadline passes, its connection ends. */
export interface Receipts {
  /**
   * Runs `write` with a new receipt id and follows that receipt. What `write` throws rejects at once: the frame
   * was not written. `bytes` is its size, of which {@link Receipts.bytes} is the sum; 0 for a subscription.
   */
  confirmed(destination: string, write: (receiptId: string) => void, bytes?: number): Promise<void>;
  /** The receipt came, or an ERROR in its place. False when nobody waits for it. */
  settle(receiptId: string, refusal?: ReplytoError): boolean;
  /**
   * An ERROR came that names no frame, as Artemis answers a subscription: where nothing but subscriptions is awaited it can be
   * about no other.
   */
  refuseSubscriptions(refusal: ReplytoError): void;
  destinationOf(receiptId: string): string | undefined;
  /**
   * One of the frames was too large for the broker, which does not say which: then it has not taken the largest, and that
   * one is rejected with INVALID_ARGUMENT: this queue and others may well take the next message.
   */
  refuseLargest(detail: string): void;
  /** The connection has ended: whether what is still awaited arrived cannot be known. */
  abandon(reason: ReplytoError): void;
  readonly size: number;
  /** Of the frames whose receipts are awaited. */
  readonly bytes: number;
}

export interface ReceiptsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Of the broker, for errors. */
  readonly name: string;
  /** Called after a receipt missed its deadline and was rejected with RECEIPT_TIMEOUT. */
  readonly onTimeout: (detail: string) => void;
}

interface Awaited {
  readonly resolve: () => void;
  readonly reject: (reason: ReplytoError) => void;
  readonly cancelDeadline: () => void;
  readonly destination: string;
  readonly bytes: number;
}

export function createReceipts({ clock, timeoutMs, name, onTimeout }: ReceiptsOptions): Receipts {
  const awaited = new Map<string, Awaited>();
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
    return true;
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
        awaited.set(receiptId, { resolve, reject, cancelDeadline, destination, bytes });
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
    destinationOf: (receiptId) => awaited.get(receiptId)?.destination,
    refuseLargest(detail) {
      const [largest] = [...awaited].sort(([, one], [, other]) => other.bytes - one.bytes);
      if (largest === undefined) return;
      const [receiptId, { destination }] = largest;
      settle(receiptId, new ReplytoError('INVALID_ARGUMENT', { detail, destination }));
    },
    abandon(reason) {
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
    get bytes() {
      return awaitedBytes;
    },
  };
}
