/**
 * Group commit without a timer. libsql is synchronous, so nothing can arrive while a transaction runs:
 * a group is what one turn of the event loop brought, committed in `setImmediate`. Where transactions are
 * asynchronous, what arrives while one runs forms the next. An idle process pays nothing for it.
 *
 * One failing operation never fails its neighbours: when a group fails, each operation is tried again in
 * a transaction of its own, so operations must be repeatable, touching nothing but the database.
 */
export interface GroupCommit<Tx> {
  /**
   * Resolves after the commit; rejects with what the operation or the commit threw, nothing changed then.
   *
   * @param key what it locks first; see {@link GroupCommitOptions}
   */
  run<T>(operation: (tx: Tx) => Promise<T> | T, key?: string): Promise<T>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
  /** Transactions committed so far. */
  readonly transactions: number;
}

/** Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. */
export type Transact<Tx> = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

export interface GroupCommitOptions {
  /**
   * For a database behind a network with several writers. The operations of a group begin in the order of their keys, instead of
   * that in which they came, because two processes that lock the same rows in the same order never wait for each other in a
   * circle; and those with different keys run side by side, so that their statements need not wait for each other's answers.
   * Operations with the same key run in the order in which they came; those without one after all others, one by one. Default false.
   */
  readonly byKeys?: boolean;
}

interface Queued<Tx> {
  readonly key: string | undefined;
  readonly operation: (tx: Tx) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export function createGroupCommit<Tx>(
  transact: Transact<Tx>,
  { byKeys = false }: GroupCommitOptions = {},
): GroupCommit<Tx> {
  let queued: Queued<Tx>[] = [];
  let draining: Promise<void> | undefined;
  let transactions = 0;

  async function commit(group: readonly Queued<Tx>[]): Promise<void> {
    try {
      const results = await transact(async (tx) => {
        const values = new Map<Queued<Tx>, unknown>();
        const runAll = async (some: readonly Queued<Tx>[]): Promise<void> => {
          for (const queuedOne of some) values.set(queuedOne, await queuedOne.operation(tx));
        };
        const { sideBySide, oneByOne } = byKeys ? arranged(group) : { sideBySide: [], oneByOne: group };
        // All have to end before the transaction does, also when one has failed.
        const outcomes = await Promise.allSettled(sideBySide.map(runAll));
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
        await runAll(oneByOne);
        return values;
      });
      transactions += 1;
      for (const one of group) one.resolve(results.get(one));
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else for (const single of group) await commit([single]);
    }
  }

  async function drain(): Promise<void> {
    while (queued.length > 0) {
      const group = queued;
      queued = [];
      await commit(group);
    }
    draining = undefined;
  }

  return {
    run<T>(operation: (tx: Tx) => Promise<T> | T, key?: string): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        queued.push({ key, operation, resolve: resolve as (value: unknown) => void, reject });
        draining ??= new Promise((done) => setImmediate(done)).then(drain);
      });
    },
    async idle() {
      while (draining !== undefined) await draining;
    },
    get transactions() {
      return transactions;
    },
  };
}

interface Arrangement<Tx> {
  /** In the order of their keys. */
  readonly sideBySide: readonly (readonly Queued<Tx>[])[];
  readonly oneByOne: readonly Queued<Tx>[];
}

function arranged<Tx>(group: readonly Queued<Tx>[]): Arrangement<Tx> {
  const chains = new Map<string, Queued<Tx>[]>();
  const oneByOne: Queued<Tx>[] = [];
  for (const one of group) {
    if (one.key === undefined) {
      oneByOne.push(one);
      continue;
    }
    const chain = chains.get(one.key);
    if (chain === undefined) chains.set(one.key, [one]);
    else chain.push(one);
  }
  const inOrder = [...chains].sort(([one], [other]) => (one < other ? -1 : 1));
  return { sideBySide: inOrder.map(([, chain]) => chain), oneByOne };
}
