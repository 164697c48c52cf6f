import type { StompVersion } from '#adapters/stomp-server/frame.js';
import { encodeHeaders } from '#adapters/stomp-server/frame-encoder.js';
import { unescapeHeader } from '#adapters/stomp-server/header-escaping.js';

/**
 * Headers that belong to one SEND or one delivery and not to the message. `Message-ID` in other spelling, such as
 * the product's own, passes like any application header.
 */
const notOfTheMessage = new Set([
  'destination',
  'receipt',
  'transaction',
  'message-id',
  'subscription',
  'ack',
  'redelivered',
  'content-length',
]);

/** The header lines that are kept with the message, encoded as in STOMP 1.2. */
export function toHead(headers: ReadonlyMap<string, string>): Buffer {
  const kept = [...headers].filter(([name]) => !notOfTheMessage.has(name));
  return Buffer.from(encodeHeaders(kept, '1.2'));
}

/** The lines as a connection of this version reads them: STOMP 1.1 has no escape for CR. */
export function toVersion(head: Buffer, version: StompVersion): Buffer {
  if (version === '1.2' || !head.includes('\\r')) return head;
  const lines = head.toString('utf8').split('\n').slice(0, -1);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [unescapeHeader(line.slice(0, colon), '1.2'), unescapeHeader(line.slice(colon + 1), '1.2')];
  });
  return Buffer.from(encodeHeaders(headers, version));
}
