/** What the claims of the store have in common: one claim is one turn of the event loop, whatever waits. */
interface TakeEnoughOptions<Key, Item> {
  /** No further item once those taken have so many bytes together; default: no bound. */
  readonly enoughBytes: number | undefined;
  /** Undefined: it is not to be had any more, and is passed over. */
  readonly take: (key: Key) => Promise<Item | undefined>;
  readonly bytesOf: (item: Item) => number;
}

/** Takes what the keys name, one after the other: only what is taken is read whole. */
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
