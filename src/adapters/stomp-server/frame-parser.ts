import { createByteCollector } from './byte-collector.js';
import type { FrameHead } from './frame-head.js';
import { createFrameScanner } from './frame-scanner.js';
import type { Frame, StompVersion } from './frame.js';
import { clientCommands } from './frame.js';
import type { FrameLimits } from './limits.js';

/** Incremental parser of whole client frames; a body that lies whole in one chunk is not copied. */
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

export function createFrameParser(limits: FrameLimits): FrameParser {
  const scanner = createFrameScanner(limits, clientCommands);
  const body = createByteCollector();
  let head: FrameHead | undefined;

  function collect(bytes: Buffer, isLast: boolean): Frame | undefined {
    if (!isLast) {
      body.append(bytes);
      return undefined;
    }
    if (head === undefined) throw new Error('a body without a head');
    const { command, headers } = head;
    head = undefined;
    if (body.length === 0) return { command, headers, body: bytes };
    body.append(bytes);
    return { command, headers, body: body.take() };
  }

  function read(): Frame | undefined {
    for (;;) {
      const piece = scanner.next();
      if (piece === undefined) return undefined;
      if (piece.kind === 'head') head = piece.head;
      const frame = piece.kind === 'body' ? collect(piece.bytes, piece.isLast) : undefined;
      if (frame !== undefined) return frame;
    }
  }

  return {
    feed: (chunk) => scanner.feed(chunk),
    next() {
      try {
        return read();
      } catch (error) {
        body.take();
        throw error;
      }
    },
    connected: (version) => scanner.connected(version),
    get midFrame() {
      return scanner.midFrame;
    },
  };
}
