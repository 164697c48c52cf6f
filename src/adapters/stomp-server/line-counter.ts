import type { FrameLimits } from './limits.js';
import type { StompRefusal } from './refusal.js';
import { protocolFault } from './refusal.js';

/** Finds the blank line that ends a header block, counting lines on the way, over any number of chunks. */
export interface LineCounter {
  /** Index after the blank line, or undefined when it is not in this chunk. */
  findBlank(chunk: Buffer, from: number, allowsCarriageReturn: boolean): number | undefined;
  readonly fault: StompRefusal | undefined;
  reset(): void;
}

const lineFeed = 10;
const carriageReturn = 13;

export function createLineCounter(limits: FrameLimits): LineCounter {
  let length = 0;
  let first = 0;
  let lines = 0;
  let fault: StompRefusal | undefined;

  function check(): boolean {
    if (length > limits.headerLineBytes) {
      fault = protocolFault(
        'header line too long',
        `A header line may take ${limits.headerLineBytes} bytes.`,
      );
    } else if (lines - 1 > limits.headerCount) {
      fault = protocolFault('too many headers', `A frame may have ${limits.headerCount} headers.`);
    }
    return fault === undefined;
  }

  return {
    findBlank(chunk, from, allowsCarriageReturn) {
      let start = from;
      for (;;) {
        if (length === 0) first = chunk[start] ?? 0;
        const end = chunk.indexOf(lineFeed, start);
        length += (end === -1 ? chunk.length : end) - start;
        if (!check() || end === -1) return undefined;
        if (length === 0 || (allowsCarriageReturn && length === 1 && first === carriageReturn))
          return end + 1;
        lines += 1;
        length = 0;
        start = end + 1;
      }
    },
    get fault() {
      return fault;
    },
    reset() {
      length = 0;
      lines = 0;
    },
  };
}
