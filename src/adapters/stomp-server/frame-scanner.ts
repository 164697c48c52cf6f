import { createByteCollector } from './byte-collector.js';
import type { FrameHead } from './frame-head.js';
import { headWithNul, parseHead, withReceipt } from './frame-head.js';
import type { StompVersion } from './frame.js';
import { noBody } from './frame.js';
import { createLineCounter } from './line-counter.js';
import type { FrameLimits } from './limits.js';
import { protocolFault } from './refusal.js';

/**
 * What a stream of STOMP is made of, piece by piece. With a NUL behind each last piece of a body, the bytes of all
 * pieces are those of the stream.
 */
export type ScannedPiece<Command extends string> =
  /** Between two frames, such as a heart-beat. */
  | { readonly kind: 'line-ends'; readonly bytes: Buffer }
  | { readonly kind: 'head'; readonly bytes: Buffer; readonly head: FrameHead<Command> }
  /** Some of the body, as much as is there; after the last piece of it, which may be empty, came the NUL. */
  | { readonly kind: 'body'; readonly bytes: Buffer; readonly isLast: boolean };

/**
 * Incremental scanner of frames: their heads are parsed, their bodies passed on as they come. Bytes are searched with
 * `indexOf`, each of them once; what lies whole in one chunk is not copied. Everything is bounded by the limits, checked
 * as bytes arrive. A fault ends it: what follows in the stream cannot be trusted to start a frame.
 */
export interface FrameScanner<Command extends string> {
  feed(chunk: Buffer): void;
  /**
   * The next piece, or undefined when more bytes are needed.
   *
   * @throws StompRefusal that closes, with the `receipt` of the offending frame where it was readable; from then on
   * always the same, whatever is fed.
   */
  next(): ScannedPiece<Command> | undefined;
  /** To be called between CONNECT and the next frame: fixes escaping and line ends, lifts the limit before login. */
  connected(version: StompVersion): void;
  /** Whether a frame has begun and not ended. */
  readonly midFrame: boolean;
  /** After a fault: the bytes that were fed before it and are in no piece. */
  rest(): Buffer;
}

const nul = 0;
const lineFeed = 10;
const carriageReturn = 13;

/** @param commands those that the sender may send. */
export function createFrameScanner<Command extends string>(
  limits: FrameLimits,
  commands: readonly Command[],
): FrameScanner<Command> {
  let chunk: Buffer = noBody;
  let at = 0;
  let version: StompVersion | undefined;
  let head: FrameHead<Command> | undefined;
  /** Bytes of the body that were given out. */
  let bodyBytes = 0;
  let begun = false;
  let fault: { readonly reason: unknown } | undefined;
  /** Of the head in which the fault is. */
  let faultyHead: Buffer = noBody;
  const headBytes = createByteCollector();
  const line = createLineCounter(limits);

  /** Line ends between frames; CRLF counts as one in 1.2 only, and before the version is known. */
  function readLineEnds(): Buffer {
    const start = at;
    while (at < chunk.length) {
      const byte = chunk[at];
      if (byte !== lineFeed && (byte !== carriageReturn || version === '1.1')) break;
      at += 1;
    }
    return chunk.subarray(start, at);
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

  /** Takes what is there of a head; all of it when the blank line has come. */
  function collectHead(): Buffer | undefined {
    const end = line.findBlank(chunk, at, version !== '1.1');
    // One WebSocket message can be far larger than what a header block may be.
    const piece = chunk.subarray(at, Math.min(end ?? chunk.length, at + blockLimit() + 1));
    at += piece.length;
    if (end !== undefined && headBytes.length === 0) {
      faultyHead = piece;
      checkBlock(piece.length);
      return piece;
    }
    // Collected before it is judged, so that a fault can still name the receipt that stands in it.
    headBytes.append(piece);
    checkBlock(headBytes.length);
    if (line.fault !== undefined) throw line.fault;
    if (end !== undefined) return headBytes.take();
    if (piece.includes(nul)) throw headWithNul();
    return undefined;
  }

  function readHead(): ScannedPiece<Command> | undefined {
    try {
      const bytes = collectHead();
      if (bytes === undefined) return undefined;
      faultyHead = bytes;
      line.reset();
      head = parseHead(bytes, version, commands);
      faultyHead = noBody;
      return { kind: 'head', bytes, head };
    } catch (error) {
      if (headBytes.length > 0) faultyHead = headBytes.take();
      throw withReceipt(error, faultyHead);
    }
  }

  function bodyLimit(current: FrameHead<Command>): number {
    return version === undefined
      ? Math.max(0, limits.frameBytesBeforeConnect - current.bytes)
      : limits.bodyBytes;
  }

  function checkBody(current: FrameHead<Command>, bytes: number): void {
    const limit = bodyLimit(current);
    if (bytes <= limit) return;
    throw version === undefined
      ? protocolFault(
          'frame too long before CONNECT',
          `A frame may take ${limits.frameBytesBeforeConnect} bytes until the client has logged in.`,
        )
      : protocolFault('body too long', `A body may take ${limit} bytes.`, current.headers.get('receipt'));
  }

  function readOpenBody(current: FrameHead<Command>): ScannedPiece<Command> | undefined {
    const end = chunk.indexOf(nul, at);
    const bytes = chunk.subarray(at, end === -1 ? chunk.length : end);
    checkBody(current, bodyBytes + bytes.length);
    return took(bytes, end !== -1);
  }

  function readSizedBody(current: FrameHead<Command>, length: number): ScannedPiece<Command> | undefined {
    const bytes = chunk.subarray(at, at + length - bodyBytes);
    const end = at + bytes.length;
    // Either bytes or the closing NUL are still to come.
    if (end === chunk.length) return took(bytes, false);
    if (chunk[end] !== nul) {
      throw protocolFault(
        'body longer than its content-length',
        `After the ${length} bytes that content-length announced, a NUL ends the frame.`,
        current.headers.get('receipt'),
      );
    }
    return took(bytes, true);
  }

  function took(bytes: Buffer, isLast: boolean): ScannedPiece<Command> | undefined {
    at += bytes.length + (isLast ? 1 : 0);
    bodyBytes += bytes.length;
    if (isLast) {
      head = undefined;
      begun = false;
    }
    return isLast || bytes.length > 0 ? { kind: 'body', bytes, isLast } : undefined;
  }

  function read(): ScannedPiece<Command> | undefined {
    if (!begun) {
      const bytes = readLineEnds();
      if (bytes.length > 0) return { kind: 'line-ends', bytes };
      begun = at < chunk.length;
    }
    if (!begun) return undefined;
    if (head === undefined) {
      bodyBytes = 0;
      return readHead();
    }
    return head.contentLength === undefined ? readOpenBody(head) : readSizedBody(head, head.contentLength);
  }

  function readChecked(): ScannedPiece<Command> | undefined {
    const piece = read();
    // Before the head is given out: nobody shall begin a frame that is too long.
    if (piece?.kind === 'head') {
      faultyHead = piece.bytes;
      checkBody(piece.head, piece.head.contentLength ?? 0);
      faultyHead = noBody;
    }
    return piece;
  }

  return {
    feed(more) {
      if (fault !== undefined) return;
      chunk = at < chunk.length ? Buffer.concat([chunk.subarray(at), more]) : more;
      at = 0;
    },
    next() {
      try {
        if (fault === undefined) return readChecked();
      } catch (error) {
        fault = { reason: error };
      }
      throw fault.reason;
    },
    connected(agreed) {
      version = agreed;
    },
    get midFrame() {
      return begun;
    },
    rest: () => Buffer.concat([faultyHead, chunk.subarray(at)]),
  };
}
