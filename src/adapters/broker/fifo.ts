/** First in, first out, without moving the rest at each step. */
export interface Fifo<T> extends Iterable<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T | undefined;
  /** The item so many places behind the first. */
  at(place: number): T | undefined;
}

const compactedAt = 1024;

export function createFifo<T>(): Fifo<T> {
  let items: T[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push(item) {
      items.push(item);
    },
    shift() {
      const item = items[head];
      if (head === items.length) return undefined;
      head += 1;
      if (head >= compactedAt && head * 2 >= items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    at: (place) => items[head + place],
    [Symbol.iterator]: () => items.slice(head).values(),
  };
}
