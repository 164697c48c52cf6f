/**
 * What the headers of one frame may take up. A broker answers a frame beyond its limits with an ERROR that names no
 * receipt and ends the connection, so that its sender could never learn that it is this message.
 */
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { wireBytes } from '#core/header-text.js';

/** The embedded broker takes a block of 64 KiB; destination, receipt and the like come on top of a message's own. */
const mostBlockBytes = 48 * 1024;
/** ActiveMQ Classic takes lines of 10 KiB. */
const mostLineBytes = 10 * 1024;
/** The embedded broker takes 200. */
const mostHeaders = 190;

/** Bytes that a UTF-16 unit takes at the most, in UTF-8 or escaped. */
const mostBytesPerUnit = 3;

type Headers = Readonly<Record<string, string>>;

/** Characters of a block of headers, line ends included: its size in memory, and nearly that on the wire. */
export function headerBlockLength(headers: Headers): number {
  let length = 0;
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0) + 2;
  return length;
}

/**
 * What keeps brokers from taking these headers together, though each of them alone may travel; nothing when they fit:
 * at most 190 headers, 10 KiB a line, 48 KiB in all, counted as they are written, colons escaped.
 */
export function headerBlockProblem(headers: Headers): Problem | undefined {
  const count = Object.keys(headers).length;
  if (count > mostHeaders) return toProblem('headers', count, `at most ${mostHeaders} in one message`);
  // Nearly every message is far below every limit and needs no counting of bytes.
  if (headerBlockLength(headers) * mostBytesPerUnit <= mostLineBytes) return undefined;
  let total = 0;
  for (const [name, value] of Object.entries(headers)) {
    const line = wireBytes(name) + wireBytes(value) + 2;
    if (line > mostLineBytes) {
      const allowed = `at most ${mostLineBytes} bytes with its name, of which a colon takes two`;
      return toProblem(`header ${name.slice(0, 100)}`, `${line} bytes`, allowed);
    }
    total += line;
  }
  if (total <= mostBlockBytes) return undefined;
  const allowed = `at most ${mostBlockBytes} bytes in one message, of which a colon takes two`;
  return toProblem('headers', `${total} bytes`, allowed);
}
