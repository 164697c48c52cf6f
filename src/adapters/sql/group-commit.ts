/**
 * Group commit without a timer. libsql is synchronous, so nothing can arrive while a transaction runs:
 * a group is what one turn of the event loop brought, committed in `setImmediate`. Where transactions are
 * asynchronous, what arrives while one runs forms the next. An idle process pays nothing for it.
 *
 * One failing operation never fails its neighbours: when a group fails, each operation is tried again in
 * a transaction of its own, so operations must be repeatable, touching nothing but the database. When two in a
 * row fail for the database itself, it is the database, and the rest fails with them.
 */
import { isReplytoError } from '#core/errors.js';
import type { Batch, Queued } from './group-arrangement.js';
import { arrange } from './group-arrangement.js';

export interface GroupCommit<Tx> {
  /**
   * Resolves after the commit; rejects with what the operation or the commit threw, nothing changed then.
   *
   * @param keys what it changes: operations of one group that have a key in common run in the order in which they came.
   *   Without any it runs after those that have some.
   */
  run<T>(operation: (tx: Tx) => Promise<T> | T, ...keys: readonly string[]): Promise<T>;
  /**
   * The same for an operation that is done for all items of a group at once, where no other operation of the group has one of its keys.
   *
   * @param batch the same function for all that belongs together
   */
  runInBatch<Item, Outcome>(
    batch: Batch<Tx, Item, Outcome>,
    item: Item,
    ...keys: readonly string[]
  ): Promise<Outcome>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
  /** Transactions committed so far. */
  readonly transactions: number;
}

/** Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. */
export type Transact<Tx> = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/** For a database with several writers behind a network. */
export interface SeveralWriters<Tx> {
  /** Locks what these keys name, in the order in which they are given, which is the same in all processes. */
  readonly lock: (tx: Tx, keys: readonly string[]) => Promise<void>;
}

/** What waits after an outage is not one transaction that holds its locks for seconds. */
const mostAtOnce = 500;

/**
 * @param writers where there are several, a group locks all that it changes first: two processes that lock the same rows in
 *   the same order never wait for each other in a circle. Then operations with different keys run side by side, so
 *   that their statements need not wait for each other's answers. Default: one writer, one operation after the other.
 */
export function createGroupCommit<Tx>(transact: Transact<Tx>, writers?: SeveralWriters<Tx>): GroupCommit<Tx> {
  let queued: Queued<Tx>[] = [];
  let draining: Promise<void> | undefined;
  let transactions = 0;

  async function runAll(tx: Tx, group: readonly Queued<Tx>[]): Promise<Map<Queued<Tx>, unknown>> {
    const values = new Map<Queued<Tx>, unknown>();
    const { keys, batches, chains, others } = arrange(group, writers !== undefined);
    if (writers !== undefined && keys.length > 1) await writers.lock(tx, keys);

    async function inTurn(chain: readonly Queued<Tx>[]): Promise<void> {
      for (const one of chain) values.set(one, await one.run(tx));
    }
    async function atOnce([batch, members]: (typeof batches)[number]): Promise<void> {
      const outcomes = await batch(
        tx,
        members.map(({ item }) => item),
      );
      for (const [index, member] of members.entries()) values.set(member, outcomes[index]);
    }

    const steps = [...batches.map((each) => () => atOnce(each)), ...chains.map((each) => () => inTurn(each))];
    if (writers === undefined) for (const step of steps) await step();
    else await allEnded(steps.map((step) => step()));
    await inTurn(others);
    return values;
  }

  /** Resolves with what failed when all of the group failed by it. */
  async function commit(group: readonly Queued<Tx>[]): Promise<Failure | undefined> {
    const begun = { hasBegun: false };
    try {
      const results = await transact((tx) => {
        begun.hasBegun = true;
        return runAll(tx, group);
      });
      transactions += 1;
      for (const one of group) one.resolve(results.get(one));
      return undefined;
    } catch (error) {
      // A transaction that could not even begin is the fault of none of them.
      if (begun.hasBegun && group.length > 1) {
        await commitSingly(group);
        return undefined;
      }
      for (const one of group) one.reject(error);
      return { cause: error, ...begun };
    }
  }

  /** As long as the database does its part: each attempt may take its time to find out that it does not. */
  async function commitSingly(group: readonly Queued<Tx>[]): Promise<void> {
    let inARow = 0;
    for (const [index, single] of group.entries()) {
      const failure = await commit([single]);
      inARow = failure !== undefined && isOfTheDatabase(failure.cause) ? inARow + 1 : 0;
      if (failure === undefined || (failure.hasBegun && inARow < mostInARow)) continue;
      for (const other of group.slice(index + 1)) other.reject(failure.cause);
      return;
    }
  }

  async function drain(): Promise<void> {
    while (queued.length > 0) {
      const group = queued.slice(0, mostAtOnce);
      queued = queued.slice(mostAtOnce);
      await commit(group);
    }
    draining = undefined;
  }

  function enqueue<T>(parts: Pick<Queued<Tx>, 'keys' | 'run' | 'batch' | 'item'>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      queued.push({ ...parts, resolve: resolve as (value: unknown) => void, reject });
      draining ??= new Promise((done) => setImmediate(done)).then(drain);
    });
  }

  return {
    run: (operation, ...keys) => enqueue({ keys, run: operation }),
    runInBatch<Item, Outcome>(batch: Batch<Tx, Item, Outcome>, item: Item, ...keys: readonly string[]) {
      const run = async (tx: Tx): Promise<unknown> => (await batch(tx, [item]))[0];
      return enqueue<Outcome>({ keys, run, batch: batch as Batch<Tx, unknown, unknown>, item });
    },
    async idle() {
      while (draining !== undefined) await draining;
    },
    get transactions() {
      return transactions;
    },
  };
}

interface Failure {
  readonly cause: unknown;
  readonly hasBegun: boolean;
}

/** One may fail because somebody has locked what it changes. */
const mostInARow = 2;

function isOfTheDatabase(error: unknown): boolean {
  return isReplytoError(error) && error.category === 'store';
}

/** All have to end before the transaction does, also when one has failed; throws what the first one threw. */
async function allEnded(running: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(running)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
