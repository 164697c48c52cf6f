/** What the claims of the store have in common: one claim is one turn of the event loop, whatever waits. */
interface TakeTogetherOptions<Item> {
  /** No further key once those before have so many bytes together; default: no bound. */
  readonly enoughBytes: number | undefined;
  /** What the keys name, as it is before it is taken. */
  readonly look: (keys: readonly number[]) => Promise<readonly Seen[]>;
  /** `before`: who had it. Undefined: it is not to be had any more, and is passed over. */
  readonly take: (key: number, before: string | null) => Promise<Item | undefined>;
}

interface Seen {
  readonly key: number;
  /** Null: it has no body. */
  readonly bytes: number | null;
  readonly owner: string | null;
}

/** Takes what the keys name, and waits for no answer before it asks for the next: a far database takes as long for many as for one. */
export async function takeTogether<Item>(
  keys: readonly number[],
  { enoughBytes = Infinity, look, take }: TakeTogetherOptions<Item>,
): Promise<Item[]> {
  if (keys.length === 0) return [];
  const seen = new Map((await look(keys)).map((one) => [one.key, one]));
  let bytes = 0;
  const last = keys.findIndex((key) => (bytes += seen.get(key)?.bytes ?? 0) >= enoughBytes);
  const wanted = last < 0 ? keys : keys.slice(0, last + 1);
  // All have to end before the transaction does, also when one has failed.
  const outcomes = await Promise.allSettled(wanted.map((key) => take(key, seen.get(key)?.owner ?? null)));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value === undefined ? [] : [outcome.value];
  });
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
