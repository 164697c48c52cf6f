import type { GroupCommit, Transact } from '#adapters/sql/group-commit.js';
import type { Tx } from './context.js';

/** Transactions beside the commits. */
export interface Apart {
  readonly run: Transact<Tx>;
  /** Resolves when none is running. */
  idle(): Promise<void>;
}

/** @param transact on connections of its own; undefined where there is one writer: then they are among the commits */
export function createApart(
  commits: Pick<GroupCommit<Tx>, 'run' | 'idle'>,
  transact: Transact<Tx> | undefined,
): Apart {
  if (transact === undefined) return { run: (work) => commits.run(work), idle: () => commits.idle() };
  const running = new Set<Promise<unknown>>();
  return {
    run(work) {
      const result = transact(work);
      const ended = result.catch(() => undefined).finally(() => running.delete(ended));
      running.add(ended);
      return result;
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
