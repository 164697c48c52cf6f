import type { ByteCollector } from './byte-collector.js';
import { createByteCollector } from './byte-collector.js';
import type { FrameHead } from './frame-head.js';
import { headWithNul, parseHead, withReceipt } from './frame-head.js';
import type { Frame, StompVersion } from './frame.js';
import { noBody } from './frame.js';
import type { FrameLimits } from './limits.js';
import type { StompRefusal } from './refusal.js';
import { protocolFault } from './refusal.js';

/**
 * Incremental parser of client frames. Bytes are searched with `indexOf`, each of them once; a frame that
 * lies whole in one chunk is not copied. Everything is bounded by the limits, checked as bytes arrive.
 * A fault ends the parser: what follows in the stream cannot be trusted to start a frame.
 */
export interface FrameParser {
  feed(chunk: Buffer): void;
  /**
   * The next whole frame, or undefined when more bytes are needed.
   *
   * @throws StompRefusal that closes, with the `receipt` of the offending frame where it was readable; from then on
   * always the same, whatever is fed.
   */
  next(): Frame | undefined;
  /** To be called between CONNECT and the next frame: fixes escaping and line ends, lifts the limit before login. */
  connected(version: StompVersion): void;
  /** Whether a frame has begun and not ended. */
  readonly midFrame: boolean;
}

const nul = 0;
const lineFeed = 10;
const carriageReturn = 13;

export function createFrameParser(limits: FrameLimits): FrameParser {
  let chunk: Buffer = noBody;
  let at = 0;
  let version: StompVersion | undefined;
  let head: FrameHead | undefined;
  let begun = false;
  let fault: { readonly reason: unknown } | undefined;
  const headBytes = createByteCollector();
  const bodyBytes = createByteCollector();
  const line = createLineCounter(limits);

  /** Line ends between frames; CRLF counts as one in 1.2 only, and before the version is known. */
  function skipLineEnds(): void {
    while (at < chunk.length) {
      const byte = chunk[at];
      if (byte !== lineFeed && (byte !== carriageReturn || version === '1.1')) return;
      at += 1;
    }
  }

  function blockLimit(): number {
    return version === undefined
      ? Math.min(limits.headerBlockBytes, limits.frameBytesBeforeConnect)
      : limits.headerBlockBytes;
  }

  function checkBlock(bytes: number): void {
    if (bytes <= blockLimit()) return;
    throw protocolFault('headers too long', `Command and headers may take ${blockLimit()} bytes.`);
  }

  function readHead(): FrameHead | undefined {
    const end = line.findBlank(chunk, at, version !== '1.1');
    // One WebSocket message can be far larger than what a header block may be.
    const piece = chunk.subarray(at, Math.min(end ?? chunk.length, at + blockLimit() + 1));
    // Collected before it is judged, so that a fault can still name the receipt that stands in it.
    if (end === undefined || headBytes.length > 0) headBytes.append(piece);
    at += piece.length;
    checkBlock(Math.max(headBytes.length, piece.length));
    if (line.fault !== undefined) throw line.fault;
    if (end === undefined) {
      if (piece.includes(nul)) throw headWithNul();
      return undefined;
    }
    line.reset();
    const bytes = headBytes.length > 0 ? headBytes.take() : piece;
    try {
      return parseHead(bytes, version);
    } catch (error) {
      throw withReceipt(error, bytes);
    }
  }

  function bodyLimit(current: FrameHead): number {
    return version === undefined
      ? Math.max(0, limits.frameBytesBeforeConnect - current.bytes)
      : limits.bodyBytes;
  }

  function checkBody(current: FrameHead, bytes: number): void {
    const limit = bodyLimit(current);
    if (bytes <= limit) return;
    throw version === undefined
      ? protocolFault(
          'frame too long before CONNECT',
          `A frame may take ${limits.frameBytesBeforeConnect} bytes until the client has logged in.`,
        )
      : protocolFault('body too long', `A body may take ${limit} bytes.`, current.headers.get('receipt'));
  }

  function readBody(current: FrameHead): Buffer | undefined {
    return current.contentLength === undefined
      ? readOpenBody(current)
      : readSizedBody(current, current.contentLength);
  }

  function readOpenBody(current: FrameHead): Buffer | undefined {
    const end = chunk.indexOf(nul, at);
    const piece = chunk.subarray(at, end === -1 ? chunk.length : end);
    checkBody(current, bodyBytes.length + piece.length);
    at += piece.length;
    if (end === -1) {
      bodyBytes.append(piece);
      return undefined;
    }
    at += 1;
    return joined(bodyBytes, piece);
  }

  function readSizedBody(current: FrameHead, length: number): Buffer | undefined {
    const piece = chunk.subarray(at, at + length - bodyBytes.length);
    at += piece.length;
    if (at === chunk.length) {
      // Either bytes or the closing NUL are still to come.
      bodyBytes.append(piece);
      return undefined;
    }
    if (chunk[at] !== nul) {
      throw protocolFault(
        'body longer than its content-length',
        `After the ${length} bytes that content-length announced, a NUL ends the frame.`,
        current.headers.get('receipt'),
      );
    }
    at += 1;
    return joined(bodyBytes, piece);
  }

  function readFrame(): Frame | undefined {
    if (!begun) {
      skipLineEnds();
      begun = at < chunk.length;
    }
    if (!begun) return undefined;
    if (head === undefined) {
      try {
        head = readHead();
      } catch (error) {
        throw withReceipt(error, headBytes.take());
      }
      if (head === undefined) return undefined;
      checkBody(head, head.contentLength ?? 0);
    }
    const body = readBody(head);
    if (body === undefined) return undefined;
    const { command, headers } = head;
    head = undefined;
    begun = false;
    return { command, headers, body };
  }

  return {
    feed(more) {
      if (fault !== undefined) return;
      chunk = at < chunk.length ? Buffer.concat([chunk.subarray(at), more]) : more;
      at = 0;
    },
    next() {
      try {
        if (fault === undefined) return readFrame();
      } catch (error) {
        fault = { reason: error };
        chunk = noBody;
        bodyBytes.take();
      }
      throw fault.reason;
    },
    connected(agreed) {
      version = agreed;
    },
    get midFrame() {
      return begun;
    },
  };
}

function joined(collected: ByteCollector, piece: Buffer): Buffer {
  if (collected.length === 0) return piece;
  collected.append(piece);
  return collected.take();
}

/** Finds the blank line that ends a header block, counting lines on the way, over any number of chunks. */
interface LineCounter {
  /** Index after the blank line, or undefined when it is not in this chunk. */
  findBlank(chunk: Buffer, from: number, allowsCarriageReturn: boolean): number | undefined;
  readonly fault: StompRefusal | undefined;
  reset(): void;
}

function createLineCounter(limits: FrameLimits): LineCounter {
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
