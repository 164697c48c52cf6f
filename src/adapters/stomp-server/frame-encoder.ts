import type { StompVersion } from './frame.js';
import { noBody } from './frame.js';
import { escapeHeader } from './header-escaping.js';

/** One frame as it goes out, in pieces to be written one after the other. */
export type EncodedFrame = readonly Buffer[];

export interface OutgoingFrame {
  readonly command: string;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: Buffer;
}

/** The byte that keeps a silent connection alive. */
export const heartBeat: EncodedFrame = [Buffer.from('\n')];

const terminator = Buffer.of(0);

/** Bodies above this are not copied into the frame, so that a fan-out shares them. */
const copiedBodyBytes = 16 * 1024;

/** `name:value` lines, each with its LF; `escaping` absent leaves them as they are, as CONNECTED wants it. */
export function encodeHeaders(headers: OutgoingFrame['headers'], escaping: StompVersion | undefined): string {
  let text = '';
  for (const [name, value] of headers) {
    text +=
      escaping === undefined
        ? `${name}:${value}\n`
        : `${escapeHeader(name, escaping)}:${escapeHeader(value, escaping)}\n`;
  }
  return text;
}

/** A frame of any command; a body brings its `content-length` along. CONNECTED goes out unescaped. */
export function encodeFrame(frame: OutgoingFrame, version: StompVersion): EncodedFrame {
  const { command, headers, body } = frame;
  const escaping = command === 'CONNECTED' || command === 'CONNECT' ? undefined : version;
  const length = body === undefined ? '' : `content-length:${body.length}\n`;
  return joinFrame(`${command}\n${length}${encodeHeaders(headers, escaping)}`, noBody, body ?? noBody);
}

/**
 * Puts a frame together from its beginning, a block of header lines that is encoded already (may be empty)
 * and a body.
 */
export function joinFrame(beginning: string, block: Buffer, body: Buffer): EncodedFrame {
  const shared = body.length > copiedBodyBytes;
  const textBytes = Buffer.byteLength(beginning);
  const headBytes = textBytes + block.length + 1;
  const frame = Buffer.allocUnsafe(shared ? headBytes : headBytes + body.length + 1);
  frame.write(beginning, 0);
  frame.set(block, textBytes);
  frame[headBytes - 1] = 10;
  if (shared) return [frame, body, terminator];
  frame.set(body, headBytes);
  frame[frame.length - 1] = 0;
  return [frame];
}

export function frameBytes(frame: EncodedFrame): number {
  let bytes = 0;
  for (const piece of frame) bytes += piece.length;
  return bytes;
}
