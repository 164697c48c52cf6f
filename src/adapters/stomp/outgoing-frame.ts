import { isUtf8 } from 'node:buffer';
import type { IPublishParams } from '@stomp/stompjs';
import { ReplytoError } from '#core/errors.js';
import { headerBlockLength } from './header-limits.js';

/** A SEND as it is to go. */
export interface OutgoingFrame {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Without `content-length`. */
  readonly asText: boolean;
}

/** Nearly its bytes on the wire and in memory. */
export function frameSize({ headers, body }: OutgoingFrame): number {
  return headerBlockLength(headers) + body.byteLength;
}

export function toPublication(
  { address, headers, body, asText }: OutgoingFrame,
  receipt: string,
): IPublishParams {
  const publication = { destination: address, headers: { ...headers, receipt } };
  if (!asText) return { ...publication, binaryBody: body };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return { ...publication, body: text, skipContentLengthHeader: true };
}

/** @throws INVALID_ARGUMENT when the body is no UTF-8, for a broker that would drop the frame without a word. */
export function requireText({ address, body }: OutgoingFrame, broker: string): void {
  if (isUtf8(body)) return;
  const detail = `the WebSocket of ${broker} carries text alone and the body is not UTF-8: connect with stomp:// or stomps://`;
  throw new ReplytoError('INVALID_ARGUMENT', { detail, destination: address });
}
