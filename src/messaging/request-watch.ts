/**
 * Who waits for what becomes of a request, in this process: waiting callers, long polls, event streams.
 * Nothing durable lives here; whoever commits a change calls `notify` afterwards, and a waiter begins its wait
 * before it reads the record, so that a fast change cannot slip through between. Every wait ends: by a change,
 * its deadline, its caller's hang-up, whoever began it, or `stop`.
 */
import type { Clock } from '#core/ports/clock.js';
import type { RequestRecord, StoredReply } from '#core/request.js';

export interface RequestChange {
  readonly record: RequestRecord;
  /** The reply that came with this change. */
  readonly reply: StoredReply | null;
}

type ChangeListener = (change: RequestChange) => void;

export interface WaitOptions {
  /** Milliseconds of this process's clock. */
  readonly waitMs: number;
  /** Ends the wait early, for instance because the caller hung up. */
  readonly signal?: AbortSignal | undefined;
}

/** A wait that has begun. */
export interface Wait {
  /** The change that was waited for; null when the wait ended without one. */
  readonly outcome: Promise<RequestChange | null>;
  /** Ends it without a change, unless it has ended. */
  readonly end: () => void;
}

/** One that has ended before it began. */
const noWait: Wait = { outcome: Promise.resolve(null), end: () => undefined };

export interface RequestWatch {
  /** Tells those who wait here, and whoever is told of every change; see {@link createRequestWatch}. */
  notify(change: RequestChange): void;
  /** Tells those who wait here: somebody else has made the change. */
  tellWaiters(change: RequestChange): void;
  /** Ids of what is waited for or watched. */
  watched(): string[];
  isWatched(id: string): boolean;
  /** Hears of every change until the returned function is called. */
  watch(id: string, listener: ChangeListener): () => void;
  /** Waits for the first change that satisfies `until`. Whoever begins a wait ends it. */
  wait(id: string, until: (change: RequestChange) => boolean, options: WaitOptions): Wait;
  /** Ends every wait, now and in future, without a change. */
  stop(): void;
  /** Waits and listeners under way. */
  readonly size: number;
}

/** @param onChange hears of every change that is made in this process */
export function createRequestWatch(
  clock: Clock,
  onChange: (record: RequestRecord) => void = () => undefined,
): RequestWatch {
  const listeners = new Map<string, Set<ChangeListener>>();
  const endings = new Set<() => void>();
  let size = 0;
  let stopped = false;

  function watch(id: string, listener: ChangeListener): () => void {
    const known = listeners.get(id) ?? new Set();
    listeners.set(id, known);
    known.add(listener);
    size += 1;
    return () => {
      if (!known.delete(listener)) return;
      size -= 1;
      if (known.size === 0 && listeners.get(id) === known) listeners.delete(id);
    };
  }

  function tellWaiters(change: RequestChange): void {
    for (const listener of [...(listeners.get(change.record.id) ?? [])]) listener(change);
  }

  return {
    watch,
    tellWaiters,
    watched: () => [...listeners.keys()],
    isWatched: (id) => listeners.has(id),
    notify(change) {
      tellWaiters(change);
      onChange(change.record);
    },
    wait(id, until, { waitMs, signal }) {
      if (stopped || waitMs <= 0 || signal?.aborted === true) return noWait;
      let resolve!: (change: RequestChange | null) => void;
      const outcome = new Promise<RequestChange | null>((settle) => (resolve = settle));
      const unwatch = watch(id, (change) => {
        if (until(change)) finish(change);
      });
      const cancelTimer = clock.after(waitMs, end);
      signal?.addEventListener('abort', end);
      endings.add(end);

      function end(): void {
        finish(null);
      }
      function finish(change: RequestChange | null): void {
        if (!endings.delete(end)) return;
        unwatch();
        cancelTimer();
        signal?.removeEventListener('abort', end);
        resolve(change);
      }
      return { outcome, end };
    },
    stop() {
      stopped = true;
      for (const end of [...endings]) end();
    },
    get size() {
      return size;
    },
  };
}
