/** Bytes that came and are not read yet. Positions count from the first of them. */
export interface HeldBytes {
  readonly length: number;
  append(more: Buffer): void;
  /** Drops the first ones. */
  consume(count: number): void;
  clear(): void;
  /** Keeps no memory of the caller: what it gave to `append` is its own again. */
  detach(): void;
  at(position: number): number | undefined;
  /** Position of the first such byte or text that lies from `from` on and before `to`, by default the end; else -1. */
  find(what: number | Buffer, from: number, to?: number): number;
  /** Position of the last such byte up to `from`; else -1. */
  findLast(byte: number, from: number): number;
  /** A byte in each character. */
  text(from: number, to: number): string;
  /** In memory of their own. */
  copy(from: number, to: number): Uint8Array;
}

const none = Buffer.alloc(0);
const leastStorage = 64 * 1024;

export function createHeldBytes(): HeldBytes {
  /** What is held: `bytes` from `start` up to `end`. */
  let bytes: Buffer = none;
  let start = 0;
  let end = 0;
  /** Whether `bytes` belongs to this, and there may be room behind `end`. */
  let isOwn = false;

  /** Twice what is needed, so that bytes that come in small pieces are not moved for each of them. */
  function makeRoom(held: number, needed: number): void {
    if (isOwn && needed * 2 <= bytes.length) bytes.copyWithin(0, start, end);
    else {
      const larger = Buffer.allocUnsafeSlow(Math.max(leastStorage, needed * 2));
      bytes.copy(larger, 0, start, end);
      bytes = larger;
      isOwn = true;
    }
    start = 0;
    end = held;
  }

  function clear(): void {
    bytes = none;
    start = end = 0;
    isOwn = false;
  }

  return {
    get length() {
      return end - start;
    },
    append(more) {
      const held = end - start;
      if (held === 0) {
        bytes = more;
        start = 0;
        end = more.length;
        isOwn = false;
        return;
      }
      if (!isOwn || end + more.length > bytes.length) makeRoom(held, held + more.length);
      end += more.copy(bytes, end);
    },
    consume: (count) => void (start += count),
    clear,
    detach() {
      if (start === end) clear();
      else if (!isOwn) makeRoom(end - start, end - start);
    },
    at: (position) => (position < end - start ? bytes[start + position] : undefined),
    find(what, from, to = end - start) {
      const found = bytes.subarray(start + from, start + to).indexOf(what);
      return found === -1 ? -1 : found + from;
    },
    findLast: (byte, from) => bytes.subarray(start, start + from + 1).lastIndexOf(byte),
    text: (from, to) => bytes.toString('latin1', start + from, Math.min(end, start + to)),
    copy: (from, to) => new Uint8Array(bytes.subarray(start + from, start + to)),
  };
}
