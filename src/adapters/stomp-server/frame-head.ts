import { isUtf8 } from 'node:buffer';
import type { ClientCommand, StompVersion } from './frame.js';
import { unescapeHeader } from './header-escaping.js';
import { StompRefusal, protocolFault } from './refusal.js';

/** Command and headers of a frame. */
export interface FrameHead<Command extends string = ClientCommand> {
  readonly command: Command;
  readonly headers: Map<string, string>;
  /** Absent when the body ends at the first NUL. */
  readonly contentLength: number | undefined;
  readonly bytes: number;
}

/**
 * Parses a header block, from the command up to and including the blank line.
 *
 * @param version absent until it is agreed on.
 * @param commands those that its sender may send.
 * @throws StompRefusal that closes.
 */
export function parseHead<Command extends string>(
  bytes: Buffer,
  version: StompVersion | undefined,
  commands: readonly Command[],
): FrameHead<Command> {
  if (bytes.includes(0)) throw headWithNul();
  if (!isUtf8(bytes)) throw protocolFault('headers are not UTF-8', 'Command and headers are UTF-8 text.');
  const lines = bytes.toString('utf8').split('\n');
  // STOMP 1.2 allows CRLF; in 1.1 a CR belongs to the value.
  const trimmed =
    version === '1.1' ? lines : lines.map((text) => (text.endsWith('\r') ? text.slice(0, -1) : text));
  const [given = ''] = trimmed;
  const command = commands.find((known) => known === given);
  if (command === undefined) {
    throw protocolFault(`unknown command '${given.slice(0, 40)}'`, `Commands are ${commands.join(', ')}.`);
  }
  // CONNECT and CONNECTED alone are exempt, for clients of 1.0; STOMP came with 1.1 and is escaped like the rest.
  const escaping = given === 'CONNECT' || given === 'CONNECTED' ? undefined : (version ?? '1.2');
  const headers = new Map<string, string>();
  for (const text of trimmed.slice(1, -2)) addHeader(headers, text, escaping);
  return { command, headers, contentLength: contentLengthOf(headers), bytes: bytes.length };
}

function addHeader(headers: Map<string, string>, text: string, escaping: StompVersion | undefined): void {
  const colon = text.indexOf(':');
  if (colon < 1) {
    throw protocolFault('header line without a name and a colon', 'A header line is name:value.');
  }
  const name = text.slice(0, colon);
  const value = text.slice(colon + 1);
  const known = escaping === undefined ? name : unescapeHeader(name, escaping);
  if (headers.has(known)) return;
  headers.set(known, escaping === undefined ? value : unescapeHeader(value, escaping));
}

function contentLengthOf(headers: ReadonlyMap<string, string>): number | undefined {
  const text = headers.get('content-length');
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/u.test(text)) {
    throw protocolFault('content-length is no number', 'content-length is the number of bytes of the body.');
  }
  return Number(text);
}

/** Adds the receipt of a frame whose headers could not be parsed, as far as it can be read. */
export function withReceipt(error: unknown, bytes: Buffer): unknown {
  if (!(error instanceof StompRefusal) || error.receipt !== undefined) return error;
  const raw = /\nreceipt:([^\r\n]*)\r?\n/u.exec(bytes.toString('utf8'))?.[1];
  if (raw === undefined) return error;
  let receipt = raw;
  try {
    receipt = unescapeHeader(raw, '1.2');
  } catch {
    // The receipt itself is what cannot be unescaped: it is answered as it came.
  }
  return protocolFault(error.message, error.allowed, receipt);
}

/** A frame that ends before its headers do. */
export function headWithNul(): StompRefusal {
  return protocolFault('NUL in the headers', 'A blank line ends the headers, then the body, then a NUL.');
}
