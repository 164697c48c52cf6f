import { isAborted, nowUs, untilUs } from '../../tools/clock.js';
import { createRandom } from '#testing/random.js';
import type { Client } from './client.js';
import { wordsOf } from '../../tools/words.js';

export interface RegularOptions {
  readonly everyMs: number;
  /** Gives the phase, so that clients do not look all at once. */
  readonly seed: number;
  readonly index: number;
  readonly look: (signal: AbortSignal) => Promise<void>;
  readonly failed: (reason: string) => void;
}

/**
 * Looks at fixed instants, one look at a time: when one took longer than the interval, those that it covered are left
 * out. The first look comes at a random instant of the interval; after an absence, at once.
 */
export function createRegularClient(options: RegularOptions): Client {
  const everyUs = options.everyMs * 1_000;
  const phaseUs = createRandom(options.seed, options.index).below(everyUs);
  let wasHere = false;
  let looking: { readonly ended: Promise<void>; readonly leave: AbortController } | undefined;

  async function lookUntilGone(signal: AbortSignal): Promise<void> {
    let next = nowUs() + (wasHere ? 0 : phaseUs);
    wasHere = true;
    while (!signal.aborted) {
      await untilUs(next, signal);
      if (isAborted(signal)) return;
      try {
        await options.look(signal);
      } catch (error) {
        if (!isAborted(signal)) options.failed(wordsOf(error));
      }
      next += everyUs * Math.max(1, Math.ceil((nowUs() - next) / everyUs));
    }
  }

  return {
    start() {
      const leave = new AbortController();
      looking = { leave, ended: lookUntilGone(leave.signal) };
      return Promise.resolve();
    },
    async stop() {
      looking?.leave.abort();
      await looking?.ended;
      looking = undefined;
    },
  };
}
