import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import type { FuzzInput } from './input.js';

/** What is fed with inputs: a reading path with all that stands behind it, for one batch. */
export interface FuzzTarget {
  /** Each input on a connection of its own, all at the same time, to its end. @throws Error what went wrong */
  run(inputs: readonly FuzzInput[]): Promise<void>;
  /** Ends it. @throws Error when something was lost, harmed or left over */
  finish(): Promise<void>;
}

/** How long a target worked on the input that took longest. */
export interface Stopwatch {
  readonly slowestMs: number;
  readonly slowestIndex: number;
  time(index: number, work: () => void): void;
}

export function createStopwatch(): Stopwatch {
  const watch = {
    slowestMs: 0,
    slowestIndex: -1,
    time(index: number, work: () => void) {
      const startedAt = performance.now();
      work();
      const ms = performance.now() - startedAt;
      if (ms <= watch.slowestMs) return;
      watch.slowestMs = ms;
      watch.slowestIndex = index;
    },
  };
  return watch;
}

/** A log whose errors are findings: what fails inside is caught and told there. */
export function createStrictLogger(onError: (what: string) => void): Logger {
  const logger: Logger = {
    ...silentLogger,
    error(facts, sentence) {
      const cause = 'err' in facts && facts.err instanceof Error ? `: ${facts.err.stack}` : '';
      onError(`logged as an error: ${sentence}${cause}`);
    },
    child: () => logger,
  };
  return logger;
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets turns of the event loop pass until the condition holds. @throws Error that names what was awaited */
export async function untilSettled(condition: () => boolean, what: string): Promise<void> {
  for (let turns = 0; turns < 10_000; turns += 1) {
    if (condition()) return;
    await nextTurn();
  }
  throw new Error(`waited in vain for ${what}`);
}
