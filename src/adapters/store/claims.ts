/** What the claims of the store have in common: one claim is one turn of the event loop, whatever waits. */
interface TakeTogetherOptions<Item> {
  /** No further key once those before have so many bytes together; default: no bound. */
  readonly enoughBytes: number | undefined;
  /** Bytes of what the keys name; of none for what has none. */
  readonly sizes: (keys: readonly number[]) => Promise<readonly Sized[]>;
  /** Undefined: it is not to be had any more, and is passed over. */
  readonly take: (key: number) => Promise<Item | undefined>;
}

interface Sized {
  readonly key: number;
  readonly bytes: number;
}

/** Takes what the keys name, and waits for no answer before it asks for the next: a far database takes as long for many as for one. */
export async function takeTogether<Item>(
  keys: readonly number[],
  { enoughBytes, sizes, take }: TakeTogetherOptions<Item>,
): Promise<Item[]> {
  const isBounded = enoughBytes !== undefined && keys.length > 1;
  const wanted = isBounded ? enough(keys, await sizes(keys), enoughBytes) : keys;
  // All have to end before the transaction does, also when one has failed.
  const outcomes = await Promise.allSettled(wanted.map(take));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value === undefined ? [] : [outcome.value];
  });
}

function enough(keys: readonly number[], sizes: readonly Sized[], enoughBytes: number): readonly number[] {
  const sizeOf = new Map(sizes.map(({ key, bytes }) => [key, bytes]));
  let bytes = 0;
  const last = keys.findIndex((key) => (bytes += sizeOf.get(key) ?? 0) >= enoughBytes);
  return last < 0 ? keys : keys.slice(0, last + 1);
}

interface TakeEnoughOptions<Key, Item> {
  /** No further item once those taken have so many bytes together; default: no bound. */
  readonly enoughBytes: number | undefined;
  /** Undefined: it is not to be had any more, and is passed over. */
  readonly take: (key: Key) => Promise<Item | undefined>;
  readonly bytesOf: (item: Item) => number;
}

/** The same where nobody knows before how much each is: one after the other, so that only what is taken is read whole. */
export async function takeEnough<Key, Item>(
  keys: readonly Key[],
  { enoughBytes = Infinity, take, bytesOf }: TakeEnoughOptions<Key, Item>,
): Promise<Item[]> {
  const taken: Item[] = [];
  let bytes = 0;
  for (const key of keys) {
    const item = await take(key);
    if (item === undefined) continue;
    taken.push(item);
    bytes += bytesOf(item);
    if (bytes >= enoughBytes) break;
  }
  return taken;
}
