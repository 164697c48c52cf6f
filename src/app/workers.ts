/**
 * `replyto serve --workers N`: so many gateways as processes of their own behind one port. This process only starts them,
 * passes the signal to stop on, and puts another one in the place of one that dies. They know each other through store and
 * broker alone, as gateways on several machines do.
 */
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { createDeferred } from '#core/deferred.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { createTimers } from '#messaging/timers.js';
import { systemClock } from './system-clock.js';

export interface WorkersOptions {
  readonly count: number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Workers {
  /**
   * Resolves with where the first one serves, when all serve.
   *
   * @throws WorkerEnded when the first one cannot start; it has said why
   */
  start(): Promise<string>;
  /** Resolves when all have ended; those that have not ended by themselves are killed at the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

/** A worker has told why on stderr, and this process ends with the same code. */
export class WorkerEnded extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('a worker could not start');
    this.exitCode = exitCode;
  }
}

/** What a worker tells the process that started it. */
interface ReadyMessage {
  readonly type: 'ready';
  readonly httpUrl: string;
}

const firstRestartMs = 1_000;
const longestRestartMs = 30_000;
/** One that served for so long did not die of its start. */
const soundAfterMs = 60_000;

/** Whether this process was started as one of several. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

/** To be called by a worker that serves. */
export function tellReady(httpUrl: string): void {
  process.send?.({ type: 'ready', httpUrl } satisfies ReadyMessage);
}

export function createWorkers({ count, logger, clock = systemClock }: WorkersOptions): Workers {
  const running = new Set<Worker>();
  const timers = createTimers(clock);
  let whenEmpty: (() => void) | undefined;
  let isStopping = false;
  /** Deaths in a row of those that had not served for long. */
  let deaths = 0;

  /** Resolves when it serves, rejects when it ends before that. */
  async function fork(): Promise<string> {
    if (isStopping) throw new WorkerEnded(0);
    const ready = createDeferred<string>();
    const startedAt = clock.monotonic();
    const worker = cluster.fork();
    running.add(worker);
    worker.on('message', (message: unknown) => {
      if (isReady(message)) ready.resolve(message.httpUrl);
    });
    worker.on('error', (error) => {
      // One that the system would not start has no exit.
      if (worker.process.pid === undefined) onEnd(1, null, error);
    });
    worker.on('exit', (code: number | null, signal: string | null) => onEnd(code, signal));
    const httpUrl = await ready.promise;
    worker.on('exit', restart);
    return httpUrl;

    function onEnd(code: number | null, signal: string | null, error?: unknown): void {
      running.delete(worker);
      if (running.size === 0) whenEmpty?.();
      const { pid } = worker.process;
      if (clock.monotonic() - startedAt >= soundAfterMs) deaths = 0;
      // One that ended well without having served has not served either.
      ready.reject(new WorkerEnded(code === null || code === 0 ? 1 : code));
      if (!isStopping) logger.error({ pid, code, signal, err: error }, 'a worker has ended');
    }
  }

  function restart(): void {
    if (isStopping) return;
    const afterMs = Math.min(longestRestartMs, firstRestartMs * 2 ** Math.min(deaths, 10));
    deaths += 1;
    timers.after(afterMs, () => {
      fork().catch(restart);
    });
  }

  return {
    async start() {
      // The first one alone: what keeps it from serving is said once.
      const httpUrl = await fork();
      await Promise.all(Array.from({ length: count - 1 }, fork));
      return httpUrl;
    },
    async stop(deadlineMs) {
      isStopping = true;
      timers.stop();
      if (running.size === 0) return;
      const ended = new Promise<void>((resolve) => (whenEmpty = resolve));
      for (const worker of running) worker.process.kill('SIGTERM');
      const cancel = clock.after(deadlineMs, () => {
        for (const worker of running) worker.process.kill('SIGKILL');
      });
      await ended;
      cancel();
    },
  };
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}
