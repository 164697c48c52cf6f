import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { settlesWithin } from './settles-within.js';
import { systemClock } from './system-clock.js';

/** Something long-lived of the process. */
export interface Part {
  readonly name: string;
  /**
   * The signal is aborted when the parts are stopped meanwhile: a start that waits for something outside of this
   * process ends then. It is stopped afterwards, whether it has started or not.
   */
  start(signal: AbortSignal): Promise<void> | void;
  /** Ends within the deadline; nothing of it is left then. */
  stop(deadlineMs: number): Promise<void> | void;
}

/** Parts that live and end together, once. */
export interface Parts {
  /**
   * Starts them in order; when one fails, it and those before it are stopped and the error is thrown.
   *
   * @throws SHUTTING_DOWN when they were stopped before all of them had started
   */
  start(): Promise<void>;
  /**
   * Lets the part that is being started come to its end, starts no other, and stops what was started in reverse order,
   * each with what is left of the deadline.
   */
  stop(deadlineMs: number): Promise<void>;
}

/** Even at the end of the deadline a part gets this long, so that sockets are at least destroyed. */
const leastMs = 100;
/** Milliseconds for the stop of what a failed start leaves. */
const failedStartMs = 5_000;

/** `monotonic` and `after` as of a Clock; default for `after` is the machine's time. */
export function createParts(
  parts: readonly Part[],
  logger: Logger,
  monotonic: Clock['monotonic'],
  after: Clock['after'] = (ms, callback) => systemClock.after(ms, callback),
): Parts {
  const started: Part[] = [];
  const stopping = new AbortController();
  /** When the stop has to be done, on the clock of `monotonic`. */
  let stopAt: number | undefined;
  let starting: Promise<void> | undefined;
  let ending: Promise<void> | undefined;

  /** A function, because stop() may have been called during an await. */
  function isStopped(): boolean {
    return stopping.signal.aborted;
  }

  async function startAll(): Promise<void> {
    for (const part of parts) {
      if (isStopped()) break;
      // Listed before it has started: a part that fails half-way has something to stop too.
      started.push(part);
      await part.start(stopping.signal);
      // The stop could not wait for it any longer.
      if (!started.includes(part)) await stopPart(part, leastMs);
    }
    if (isStopped()) throw new ReplytoError('SHUTTING_DOWN');
  }

  async function stopPart(part: Part, deadlineMs: number): Promise<void> {
    try {
      await part.stop(deadlineMs);
    } catch (error) {
      logger.error({ err: error, part: part.name }, 'a part did not stop cleanly');
    }
  }

  /** Whoever calls it while it is under way joins: two at a time would stop a part before what stands on it. */
  function stopStarted(endAt: number): Promise<void> {
    ending ??= stopInReverse(endAt).finally(() => (ending = undefined));
    return ending;
  }

  async function stopInReverse(endAt: number): Promise<void> {
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      await stopPart(part, Math.max(leastMs, endAt - monotonic()));
    }
  }

  return {
    async start() {
      starting = startAll();
      try {
        await starting;
      } catch (error) {
        await stopStarted(stopAt ?? monotonic() + failedStartMs);
        throw error;
      }
    },
    async stop(deadlineMs) {
      stopAt ??= monotonic() + deadlineMs;
      stopping.abort();
      if (starting !== undefined) await settlesWithin(starting, deadlineMs, { after });
      await stopStarted(stopAt);
    },
  };
}
