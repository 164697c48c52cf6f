import type { Batch } from './group-commit.js';

/** An operation that waits for its transaction. */
export interface Queued<Tx> {
  readonly key: string | undefined;
  readonly run: (tx: Tx) => unknown;
  /** Does it together with others of its kind. */
  readonly batch?: Batch<Tx, unknown, unknown>;
  readonly item?: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** What of a group can be done at once, and what one after the other. */
export interface Arrangement<Tx> {
  /** All that the group changes. */
  readonly keys: readonly string[];
  /** Each in the order of {@link Arrangement.keys}. */
  readonly batches: readonly (readonly [Batch<Tx, unknown, unknown>, readonly Queued<Tx>[]])[];
  /** Operations with the same key, in the order in which they came. */
  readonly chains: readonly (readonly Queued<Tx>[])[];
  /** Those without a key. */
  readonly others: readonly Queued<Tx>[];
}

/**
 * Nobody has an answer to any operation of a group yet, so those with different keys may run in any order.
 *
 * @param inOrderOfKeys instead of that in which they came
 */
export function arrange<Tx>(group: readonly Queued<Tx>[], inOrderOfKeys: boolean): Arrangement<Tx> {
  const byKey = new Map<string, Queued<Tx>[]>();
  const others: Queued<Tx>[] = [];
  for (const one of group) {
    const chain = one.key === undefined ? others : byKey.get(one.key);
    if (chain !== undefined) chain.push(one);
    else if (one.key !== undefined) byKey.set(one.key, [one]);
  }
  const keys = inOrderOfKeys ? [...byKey.keys()].sort() : [...byKey.keys()];
  const batches = new Map<Batch<Tx, unknown, unknown>, Queued<Tx>[]>();
  const chains: (readonly Queued<Tx>[])[] = [];
  for (const key of keys) {
    const chain = byKey.get(key) ?? [];
    const [first] = chain;
    if (chain.length > 1 || first?.batch === undefined) {
      chains.push(chain);
      continue;
    }
    const members = batches.get(first.batch);
    if (members === undefined) batches.set(first.batch, [first]);
    else members.push(first);
  }
  return { keys, batches: [...batches], chains, others };
}
