import { encodeHeaders, joinFrame } from '#adapters/stomp-server/frame-encoder.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import { noBody } from '#adapters/stomp-server/frame.js';

/** What is another in a frame. */
export interface FrameChange {
  /** Headers that it has instead, or besides; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /**
   * Its body instead, text as UTF-8. A `content-length` goes along where the frame had one or the body holds a NUL,
   * unless `headers` say otherwise.
   */
  readonly body?: Uint8Array | string;
}

type Headers = ReadonlyMap<string, string>;

/** A frame as it goes out, with exactly these headers. */
export function toBytes(
  { command, headers, body = noBody }: { command: string; headers: Headers; body?: Buffer },
  version: StompVersion,
): Buffer {
  const escaping = command === 'CONNECT' || command === 'CONNECTED' ? undefined : version;
  return Buffer.concat(joinFrame(`${command}\n${encodeHeaders(headers, escaping)}`, noBody, body));
}

/** The headers and the body of a frame after a change. */
export function changed(
  frame: { readonly headers: Headers; readonly body: Buffer },
  change: FrameChange,
): { readonly headers: Headers; readonly body: Buffer } {
  const body = change.body === undefined ? frame.body : Buffer.from(change.body);
  const headers = new Map(frame.headers);
  if (change.body !== undefined && (headers.has('content-length') || body.includes(0))) {
    headers.set('content-length', String(body.length));
  }
  for (const [name, value] of Object.entries(change.headers ?? {})) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return { headers, body };
}
