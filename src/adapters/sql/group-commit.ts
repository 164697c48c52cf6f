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
   * The operations of a group run in the order of their keys, those without one last, instead of that in which they came: two
   * processes that lock the same rows in the same order never wait for each other in a circle. Default false.
   */
  readonly inOrderOfKeys?: boolean;
}

interface Queued<Tx> {
  readonly key: string | undefined;
  readonly operation: (tx: Tx) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export function createGroupCommit<Tx>(
  transact: Transact<Tx>,
  { inOrderOfKeys = false }: GroupCommitOptions = {},
): GroupCommit<Tx> {
  let queued: Queued<Tx>[] = [];
  let draining: Promise<void> | undefined;
  let transactions = 0;

  async function commit(group: readonly Queued<Tx>[]): Promise<void> {
    try {
      const results = await transact(async (tx) => {
        const values: unknown[] = [];
        for (const { operation } of group) values.push(await operation(tx));
        return values;
      });
      transactions += 1;
      group.forEach(({ resolve }, index) => resolve(results[index]));
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else for (const single of group) await commit([single]);
    }
  }

  async function drain(): Promise<void> {
    while (queued.length > 0) {
      const group = inOrderOfKeys ? queued.sort(byKey) : queued;
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

/** Stable: what has the same key keeps its order. */
function byKey<Tx>(a: Queued<Tx>, b: Queued<Tx>): number {
  if (a.key === b.key) return 0;
  if (a.key === undefined) return 1;
  if (b.key === undefined) return -1;
  return a.key < b.key ? -1 : 1;
}
