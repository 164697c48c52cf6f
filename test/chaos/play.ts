/** Plays one row: starts its parts, calls, kills, heals, counts, and ends all of it. */
import { createRandom } from '#testing/random.js';
import { unlessAborted } from '../../bench/tools/interruption.js';
import { wordsOf } from '../../bench/tools/words.js';
import { audit } from './audit.js';
import { problemsOf } from './judge.js';
import { startLoad } from './load/load.js';
import { readReplyQueue } from './parts/reply-queue.js';
import { startSystem } from './parts/system.js';
import type { System } from './parts/system.js';
import type { PlayedRow } from './results.js';
import type { Row, Size } from './rows/row.js';
import { untilMore } from './rows/progress.js';

export interface PlayOptions {
  readonly seed: number;
  readonly size: Size;
  /** Ends it: it rejects with the reason, and nothing of it is left. */
  readonly signal: AbortSignal;
}

const callers = 40;
const drainWithinMs = 150_000;
/** A sequence of its own, beside those of the callers. */
const killer = callers;

/** @throws NotPlayable, the reason of the signal, or an error of a part that did not start */
export async function play(row: Row, { seed, size, signal }: PlayOptions): Promise<PlayedRow> {
  const startedMs = performance.now();
  const system = await startSystem(row.stage, signal);
  try {
    const played = await unlessAborted(playOn(system, row, { seed, size, signal }), signal);
    return { ...played, tookMs: Math.round(performance.now() - startedMs) };
  } finally {
    await system.stop();
  }
}

async function playOn(
  system: System,
  row: Row,
  { seed, size, signal }: PlayOptions,
): Promise<Omit<PlayedRow, 'tookMs'>> {
  const random = createRandom(seed, killer);
  const done: string[] = [];
  const load = startLoad({
    urls: system.gateways.map(({ url }) => url),
    queues: [system.forgetfulQueue, system.idempotentQueue],
    ...{ replyTo: system.replyTo, callers, seed },
  });
  const replyQueue = readReplyQueue(system.brokerUrl, system.replyTo, (message) => load.forwarded(message));
  const stop = (): void => load.abort();
  signal.addEventListener('abort', stop);
  try {
    const scene = { system, load, random, size, signal, done: (what: string) => void done.push(what) };
    const failures: string[] = [];
    await row
      .disturb(scene)
      .then(() => untilMore(scene, size.requests - load.accepted()))
      .catch(async (error: unknown) => {
        failures.push(wordsOf(error));
        signal.throwIfAborted();
        await system.restart();
      });
    await load.finish(drainWithinMs);
    signal.throwIfAborted();
    const { counts, problems, lost } = await audit(system, load, replyQueue);
    return {
      ...{ row: row.name, seed, size, done, counts, lost },
      problems: [...failures, ...problemsOf(row, counts), ...problems],
    };
  } finally {
    signal.removeEventListener('abort', stop);
    load.abort();
    await replyQueue.stop();
  }
}
