import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';

/** The receipts that one connection waits for. Each ends: it comes, it is refused, its deadline passes, its connection ends. */
export interface Receipts {
  /**
   * Runs `write` with a new receipt id and follows that receipt. What `write` throws rejects at once: the frame
   * was not written.
   */
  confirmed(destination: string, write: (receiptId: string) => void): Promise<void>;
  /** The receipt came, or an ERROR in its place. False when nobody waits for it. */
  settle(receiptId: string, refusal?: ReplytoError): boolean;
  destinationOf(receiptId: string): string | undefined;
  /** The connection has ended: whether what is still awaited arrived cannot be known. */
  abandon(reason: ReplytoError): void;
  readonly size: number;
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
}

export function createReceipts({ clock, timeoutMs, name, onTimeout }: ReceiptsOptions): Receipts {
  const awaited = new Map<string, Awaited>();
  let lastId = 0;

  function settle(receiptId: string, refusal?: ReplytoError): boolean {
    const entry = awaited.get(receiptId);
    if (entry === undefined) return false;
    awaited.delete(receiptId);
    entry.cancelDeadline();
    if (refusal === undefined) entry.resolve();
    else entry.reject(refusal);
    return true;
  }

  return {
    confirmed(destination, write) {
      const receiptId = `r${++lastId}`;
      return new Promise((resolve, reject) => {
        const cancelDeadline = clock.after(timeoutMs, () => {
          const detail = `${name} did not confirm within ${timeoutMs} ms`;
          settle(receiptId, new ReplytoError('RECEIPT_TIMEOUT', { detail, destination }));
          onTimeout(detail);
        });
        awaited.set(receiptId, { resolve, reject, cancelDeadline, destination });
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
    destinationOf: (receiptId) => awaited.get(receiptId)?.destination,
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
  };
}
