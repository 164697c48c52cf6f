/** How often the broker refused each request, as far as this process saw it. */
export interface Refusals {
  /** Counts one more and returns how many that makes. */
  add(id: string): number;
  /** The request went, or ended. */
  forget(id: string): void;
  clear(): void;
}

/** Of requests that were refused and ended otherwise nobody hears again: beyond this the oldest is forgotten. */
const mostKnown = 10_000;

/** In memory: what is forgotten, by a restart or by its age, is tried longer, never given up too early. */
export function createRefusals(): Refusals {
  const counts = new Map<string, number>();
  return {
    add(id) {
      const count = (counts.get(id) ?? 0) + 1;
      // Set anew, so that the order is that of the last refusal.
      counts.delete(id);
      counts.set(id, count);
      const [oldest] = counts.keys();
      if (counts.size > mostKnown && oldest !== undefined) counts.delete(oldest);
      return count;
    },
    forget: (id) => void counts.delete(id),
    clear: () => counts.clear(),
  };
}
