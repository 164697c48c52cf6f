/**
 * Receipts of requests that are not stored yet. Most replies come soon after the receipt of their request, and the
 * transaction that keeps the reply stores both; a mark of its own is written only for what nobody has answered after a while.
 * Failure: a mark that is lost with its process, or that the store refuses, means that the request is sent again when its
 * lease has run out: always with the same id, never a loss. Shutdown: all that is held is written.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { createTimers } from './timers.js';

export interface SentMarksOptions {
  readonly store: Pick<RequestStore, 'markSent'>;
  readonly clock: Clock;
  /** The clock of the store. */
  readonly storeTime: Pick<Clock, 'now'>;
  readonly logger: Logger;
  /** A mark was written; called after the commit. */
  readonly onMarked: (record: RequestRecord) => void;
  /** Milliseconds that a mark is held; 0 = each is written at once. */
  readonly holdMs: number;
}

export interface SentMarks {
  /** A request is being sent. */
  sending(id: string): void;
  /** Its receipt came. It is held, unless it is to be written `now`; then this rejects with an error of the store. */
  confirmed(id: string, now: boolean): Promise<void>;
  /** There was no receipt, and its sender knows what follows. */
  failed(id: string): void;
  /** When the receipt came of the first of these ids that has one here; undefined when it is stored, or did not come. */
  sentAt(ids: readonly string[]): number | undefined;
  /** The request has ended: its receipt is of no interest any more. */
  ended(id: string): void;
  /** Writes the mark of this request now, if one is held. Never rejects. */
  release(id: string): Promise<void>;
  stop(): Promise<void>;
}

interface Held {
  /** By the store's clock. */
  readonly at: number;
  /** On the clock of this process. */
  readonly dueAt: number;
}

export function createSentMarks(options: SentMarksOptions): SentMarks {
  const { store, clock, storeTime, logger, onMarked, holdMs } = options;
  const timers = createTimers(clock);
  /** Of which no receipt has come, and which have not ended. */
  const underWay = new Set<string>();
  /** In the order in which they become due. */
  const held = new Map<string, Held>();
  let isTimed = false;

  async function mark(id: string, at: number): Promise<void> {
    const record = await store.markSent(id, at);
    if (record !== null) onMarked(record);
  }

  /** Those of one turn of the event loop are one transaction. */
  async function write(ids: readonly string[]): Promise<void> {
    const marks = ids.flatMap((id) => {
      const found = held.get(id);
      held.delete(id);
      return found === undefined ? [] : [mark(id, found.at)];
    });
    const failures = (await Promise.allSettled(marks)).filter((outcome) => outcome.status === 'rejected');
    const [first] = failures;
    if (first === undefined) return;
    const err = first.reason as unknown;
    logger.warn({ err, count: failures.length }, 'cannot store that requests were sent');
  }

  function due(now: number): string[] {
    const ids: string[] = [];
    for (const [id, { dueAt }] of held) {
      if (dueAt > now) break;
      ids.push(id);
    }
    return ids;
  }

  function time(): void {
    const [next] = held.values();
    if (next === undefined || isTimed) return;
    isTimed = true;
    timers.after(Math.max(0, next.dueAt - clock.monotonic()), () => {
      isTimed = false;
      void write(due(clock.monotonic()));
      time();
    });
  }

  return {
    sending: (id) => void underWay.add(id),
    async confirmed(id, now) {
      // Its reply was faster.
      if (!underWay.delete(id)) return;
      const at = storeTime.now();
      if (now || holdMs === 0) {
        await mark(id, at);
        return;
      }
      held.set(id, { at, dueAt: clock.monotonic() + holdMs });
      time();
    },
    failed: (id) => void underWay.delete(id),
    sentAt(ids) {
      for (const id of ids) {
        const found = held.get(id);
        if (found !== undefined) return found.at;
      }
      return undefined;
    },
    ended(id) {
      underWay.delete(id);
      held.delete(id);
    },
    release: (id) => write([id]),
    async stop() {
      timers.stop();
      await write([...held.keys()]);
    },
  };
}
