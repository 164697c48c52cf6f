/**
 * Sends that wait for a free place: in order within their destination, while destinations take turns, so that a
 * destination of which thousands wait stands in nobody's way.
 */
export interface WaitingSends<T> {
  add(destination: string, item: T): void;
  /** Offers the first of each destination in turn, until none is taken; `take` says whether it took it. */
  offer(take: (item: T) => boolean): void;
  /** Takes all of them out. */
  clear(): T[];
  readonly size: number;
}

export function createWaitingSends<T>(): WaitingSends<T> {
  const lines = new Map<string, T[]>();
  let size = 0;
  return {
    add(destination, item) {
      const line = lines.get(destination);
      if (line === undefined) lines.set(destination, [item]);
      else line.push(item);
      size += 1;
    },
    offer(take) {
      // What is set again during the loop is met again at its end: that is its next turn.
      for (const [destination, line] of lines) {
        const [first] = line;
        if (first === undefined || !take(first)) continue;
        line.shift();
        size -= 1;
        lines.delete(destination);
        if (line.length > 0) lines.set(destination, line);
      }
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
