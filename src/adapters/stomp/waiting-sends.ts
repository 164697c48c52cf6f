/**
 * Sends that wait for a free place: in order within their destination, while destinations take turns, so that a
 * destination of which thousands wait stands in nobody's way.
 */
export interface WaitingSends<T> {
  add(destination: string, item: T): void;
  /**
   * Offers the first of each destination in turn, until none is taken; `take` says whether it took it. It asks `hasEnded`
   * before each: with thousands of destinations nobody is asked once there is no place at all.
   */
  offer(take: (item: T) => boolean, hasEnded: () => boolean): void;
  /** Offers the first of this destination alone. */
  offerOf(destination: string, take: (item: T) => boolean): void;
  /** Takes all of them out. */
  clear(): T[];
  readonly size: number;
}

export function createWaitingSends<T>(): WaitingSends<T> {
  const lines = new Map<string, T[]>();
  let size = 0;

  /** What is set again here is behind all others: that is its next turn. */
  function offerFirst(destination: string, line: T[], take: (item: T) => boolean): void {
    const [first] = line;
    if (first === undefined || !take(first)) return;
    line.shift();
    size -= 1;
    lines.delete(destination);
    if (line.length > 0) lines.set(destination, line);
  }

  return {
    add(destination, item) {
      const line = lines.get(destination);
      if (line === undefined) lines.set(destination, [item]);
      else line.push(item);
      size += 1;
    },
    offer(take, hasEnded) {
      for (const [destination, line] of lines) {
        if (hasEnded()) return;
        offerFirst(destination, line, take);
      }
    },
    offerOf(destination, take) {
      const line = lines.get(destination);
      if (line !== undefined) offerFirst(destination, line, take);
    },
    clear() {
      const all = [...lines.values()].flat();
      lines.clear();
      size = 0;
      return all;
    },
    get size() {
      return size;
    },
  };
}
