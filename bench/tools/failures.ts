import { wordsOf } from './words.js';

export interface FailuresOptions {
  /** Aborted when the run is to end: what fails then fails because its system is going. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** What has ended of what everything else needs; null: all is there. */
  readonly ended: () => string | null;
}

export interface Failures {
  /** In words, in the order in which they came. */
  readonly list: readonly string[];
  /**
   * Runs `act`; what it throws is noted, and the run goes on.
   *
   * @throws what the signal was aborted with; Error when what everything else needs has ended
   */
  readonly unlessItFails: (what: string, act: () => Promise<void>) => Promise<void>;
}

export function createFailures({ signal, say, ended }: FailuresOptions): Failures {
  const list: string[] = [];
  return {
    list,
    async unlessItFails(what, act) {
      signal.throwIfAborted();
      try {
        await act();
      } catch (error) {
        signal.throwIfAborted();
        const failure = `${what}: ${wordsOf(error)}`;
        list.push(failure);
        say(`failed: ${failure}`);
        const gone = ended();
        if (gone !== null) throw new Error(`${gone} has ended`, { cause: error });
      }
    },
  };
}
