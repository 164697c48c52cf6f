/** Does the same for several items, with as few statements as for one; the outcomes are in the order of the items. */
export type Batch<Tx, Item, Outcome> = (tx: Tx, items: readonly Item[]) => Promise<readonly Outcome[]>;

/** An operation that waits for its transaction. */
export interface Queued<Tx> {
  /** What it changes; none = it runs after those that say. */
  readonly keys: readonly string[];
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
  readonly batches: readonly (readonly [Batch<Tx, unknown, unknown>, readonly Queued<Tx>[]])[];
  /** Operations that have keys in common, in the order in which they came. */
  readonly chains: readonly (readonly Queued<Tx>[])[];
  /** Those without a key. */
  readonly others: readonly Queued<Tx>[];
}

/**
 * Nobody has an answer to any operation of a group yet, so those without a key in common may run in any order.
 *
 * @param inOrderOfKeys instead of that in which they came
 */
export function arrange<Tx>(group: readonly Queued<Tx>[], inOrderOfKeys: boolean): Arrangement<Tx> {
  const others = group.filter(({ keys }) => keys.length === 0);
  const chains = chained(group);
  const keys = group.flatMap((one) => one.keys);
  const batches = new Map<Batch<Tx, unknown, unknown>, Queued<Tx>[]>();
  const longer: (readonly Queued<Tx>[])[] = [];
  for (const chain of inOrderOfKeys ? [...chains].sort(byFirstKey) : chains) {
    const [first] = chain;
    if (first?.batch === undefined || chain.length > 1) {
      longer.push(chain);
      continue;
    }
    const members = batches.get(first.batch);
    if (members === undefined) batches.set(first.batch, [first]);
    else members.push(first);
  }
  return {
    keys: inOrderOfKeys ? [...new Set(keys)].sort() : keys,
    batches: [...batches],
    chains: longer,
    others,
  };
}

/** Each chain has all operations that share keys with one another, also by way of a third. */
function chained<Tx>(group: readonly Queued<Tx>[]): readonly (readonly Queued<Tx>[])[] {
  const chainOf = new Map<string, Set<number>>();
  for (const [index, { keys }] of group.entries()) {
    if (keys.length === 0) continue;
    const known = new Set(keys.flatMap((key) => chainOf.get(key) ?? []));
    // The longest one takes the others in.
    const [chain = new Set<number>(), ...shorter] = [...known].sort((one, other) => other.size - one.size);
    chain.add(index);
    for (const key of keys) chainOf.set(key, chain);
    for (const member of shorter.flatMap((each) => [...each])) {
      chain.add(member);
      for (const key of group[member]?.keys ?? []) chainOf.set(key, chain);
    }
  }
  return [...new Set(chainOf.values())].map((chain) =>
    [...chain].sort((one, other) => one - other).flatMap((index) => group[index] ?? []),
  );
}

function byFirstKey<Tx>([one]: readonly Queued<Tx>[], [other]: readonly Queued<Tx>[]): number {
  return (one?.keys[0] ?? '') < (other?.keys[0] ?? '') ? -1 : 1;
}
