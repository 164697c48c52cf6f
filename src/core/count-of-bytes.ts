/** How many of the first items come to `enough` bytes together: one at least, all of them when they come to less. */
export function countOfBytes<Item>(
  items: readonly Item[],
  enough: number,
  bytesOf: (item: Item) => number,
): number {
  let sum = 0;
  const last = items.findIndex((item) => (sum += bytesOf(item)) >= enough);
  return last === -1 ? items.length : last + 1;
}
