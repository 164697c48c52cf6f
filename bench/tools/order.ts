import { createRandom } from '#testing/random.js';

/** The same order for the same seed. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
  const random = createRandom(seed, 0);
  return items
    .map((item) => ({ item, at: random.below(2 ** 30) }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** Adds to the list of that key. */
export function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
