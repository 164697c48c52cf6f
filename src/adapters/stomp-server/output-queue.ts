import type { EncodedFrame } from './frame-encoder.js';

/** Bytes on their way to a stream that takes one piece at a time. */
export interface OutputQueue {
  /** Bytes queued, including the piece that is being written. */
  readonly bytes: number;
  push(frame: EncodedFrame): void;
  /** Drops what is queued; nothing is written any more. */
  clear(): void;
}

export interface OutputQueueOptions {
  /** Writes one piece and calls back when the operating system has it. */
  readonly write: (piece: Buffer, done: () => void) => void;
  /** After each piece. */
  readonly onFlushed: () => void;
}

/**
 * Large enough that a turn of the event loop normally leaves in one write, small enough that a slow client
 * shows progress: a piece counts as taken only when it is gone as a whole.
 */
const pieceBytes = 256 * 1024;

/** Joins what one turn of the event loop queued and writes piece after piece. */
export function createOutputQueue(options: OutputQueueOptions): OutputQueue {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let scheduled = false;
  let cleared = false;

  function schedule(): void {
    if (scheduled || cleared) return;
    scheduled = true;
    setImmediate(writeNext);
  }

  function writeNext(): void {
    if (cleared) return;
    const piece = nextPiece();
    options.write(piece, () => {
      if (cleared) return;
      bytes -= piece.length;
      scheduled = waiting.length > 0;
      if (scheduled) writeNext();
      options.onFlushed();
    });
  }

  function nextPiece(): Buffer {
    let count = 0;
    let length = 0;
    for (const buffer of waiting) {
      if (count > 0 && length + buffer.length > pieceBytes) break;
      count += 1;
      length += buffer.length;
    }
    const taken = waiting.slice(0, count);
    waiting = count === waiting.length ? [] : waiting.slice(count);
    const [first] = taken;
    if (first === undefined || count > 1) return Buffer.concat(taken, length);
    if (first.length <= pieceBytes) return first;
    waiting.unshift(first.subarray(pieceBytes));
    return first.subarray(0, pieceBytes);
  }

  return {
    get bytes() {
      return bytes;
    },
    push(frame) {
      if (cleared) return;
      for (const buffer of frame) {
        waiting.push(buffer);
        bytes += buffer.length;
      }
      schedule();
    },
    clear() {
      cleared = true;
      waiting = [];
      bytes = 0;
    },
  };
}
