import type { Logger } from '#core/ports/logger.js';

/** Something long-lived of the process. */
export interface Part {
  readonly name: string;
  start(): Promise<void> | void;
  /** Ends within the deadline; nothing of it is left then. */
  stop(deadlineMs: number): Promise<void> | void;
}

/** Parts that live and end together. */
export interface Parts {
  /** Starts them in order; when one fails, those before it are stopped and the error is thrown. */
  start(): Promise<void>;
  /** Stops what was started, in reverse order, each with what is left of the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

/** Even at the end of the deadline a part gets this long, so that sockets are at least destroyed. */
const leastMs = 100;

export function createParts(parts: readonly Part[], logger: Logger, monotonic: () => number): Parts {
  const started: Part[] = [];

  async function stop(deadlineMs: number): Promise<void> {
    const endAt = monotonic() + deadlineMs;
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      const leftMs = Math.max(leastMs, endAt - monotonic());
      try {
        await part.stop(leftMs);
      } catch (error) {
        logger.error({ err: error, part: part.name }, 'a part did not stop cleanly');
      }
    }
  }

  return {
    async start() {
      for (const part of parts) {
        // Listed before it has started: a part that fails half-way has something to stop too.
        started.push(part);
        try {
          await part.start();
        } catch (error) {
          await stop(5_000);
          throw error;
        }
      }
    },
    stop,
  };
}
