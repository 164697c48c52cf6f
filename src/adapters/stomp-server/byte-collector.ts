/**
 * Bytes of one frame that arrive in pieces. Grows by doubling, so that a frame delivered byte by byte costs
 * a linear amount of copying, and never takes more than twice what has really arrived.
 */
export interface ByteCollector {
  readonly length: number;
  append(bytes: Buffer): void;
  /** What was collected; the collector is empty afterwards. */
  take(): Buffer;
}

const firstCapacity = 1024;

export function createByteCollector(): ByteCollector {
  let storage: Buffer | undefined;
  let length = 0;

  function room(needed: number): Buffer {
    if (storage !== undefined && storage.length >= needed) return storage;
    let capacity = Math.max(storage?.length ?? 0, firstCapacity);
    while (capacity < needed) capacity *= 2;
    const larger = Buffer.allocUnsafeSlow(capacity);
    storage?.copy(larger, 0, 0, length);
    storage = larger;
    return larger;
  }

  return {
    get length() {
      return length;
    },
    append(bytes) {
      room(length + bytes.length).set(bytes, length);
      length += bytes.length;
    },
    take() {
      const taken = storage?.subarray(0, length) ?? Buffer.alloc(0);
      storage = undefined;
      length = 0;
      return taken;
    },
  };
}
