/**
 * The life of a process that serves until it is told to end: by a signal, by a part that cannot go on, or by a
 * fault of the program that nobody caught. Whatever ends it, it is stopped in order first, with a deadline; a
 * second signal does not wait for that.
 */
import { createDeferred } from '#core/deferred.js';
import type { ReplytoError } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Environment } from './configuration/environment.js';
import { settlesWithin } from './settles-within.js';
import type { Signalled, StopSignal } from './stop-signals.js';
import { onStopSignal } from './stop-signals.js';
import { systemClock } from './system-clock.js';

export interface ProcessLifeOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  /** Resolves when it serves. When it rejects, nothing of it is left; so it does when it is stopped meanwhile. */
  readonly start: () => Promise<void>;
  readonly stop: (deadlineMs: number) => Promise<void>;
  /** Milliseconds for the stop; default 25,000, because orchestrators kill after 30 s. */
  readonly stopWithinMs?: number;
  /** Default the machine's time. */
  readonly clock?: Clock;
  /** Default this process. */
  readonly ownProcess?: Signalled['ownProcess'];
}

export interface ProcessLife {
  /**
   * Starts, serves, stops. Resolves with the exit code: 0 after a signal, 1 after a fault of the program.
   *
   * @throws what `start` throws; the error of the product by which it could not go on
   */
  run(): Promise<number>;
  /** Ends it because it cannot go on. */
  fail(error: unknown): void;
}

const stopMs = 25_000;
/** A start that was interrupted may still be opening something; it gets this long to settle. */
const startSettlesMs = 500;
/** Parts end at the deadline by themselves; who does not is left behind. */
const graceMs = 1_000;

export function createProcessLife(options: ProcessLifeOptions): ProcessLife {
  const { logger, stopWithinMs = stopMs, clock = systemClock, ownProcess = process } = options;
  const ending = createDeferred<number | ReplytoError>();

  function fail(error: unknown): void {
    if (isReplytoError(error) && error.code !== 'INTERNAL') {
      // Who runs it tells the error, in its words for all that keep a process from serving.
      logger.info({ code: error.code }, 'stopping');
      ending.resolve(error);
    } else {
      logger.error({ err: error }, 'this process cannot go on');
      ending.resolve(1);
    }
  }

  function onFault(error: unknown): void {
    logger.error({ err: error }, 'a fault of this program; it ends');
    ending.resolve(1);
  }

  async function run(): Promise<number> {
    const onSignal = (signal: StopSignal): void => {
      logger.info({ signal }, 'stopping');
      ending.resolve(0);
    };
    const stopListening = onStopSignal(options.environment, onSignal, { ownProcess, clock });
    // Rejections that nobody handles arrive here too.
    ownProcess.on('uncaughtException', onFault);
    try {
      const started = options.start();
      const early = await Promise.race([started, ending.promise]);
      if (early !== undefined) await settlesWithin(started, startSettlesMs, clock);
      const outcome = await ending.promise;
      const isInOrder = await stopped();
      if (isReplytoError(outcome)) throw outcome;
      return isInOrder ? outcome : 1;
    } finally {
      stopListening();
      ownProcess.off('uncaughtException', onFault);
    }
  }

  async function stopped(): Promise<boolean> {
    const beganAt = clock.monotonic();
    const stop = options.stop(stopWithinMs).then(
      () => true,
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed');
        return false;
      },
    );
    if (!(await settlesWithin(stop, stopWithinMs + graceMs, clock))) {
      logger.error({ stopWithinMs }, 'the stop did not end within its deadline');
      return false;
    }
    const isInOrder = await stop;
    if (isInOrder) logger.info({ afterMs: Math.round(clock.monotonic() - beganAt) }, 'stopped');
    return isInOrder;
  }

  return { run, fail };
}
