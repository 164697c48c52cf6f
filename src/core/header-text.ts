import type { Problem } from './errors.js';
import { toProblem } from './errors.js';

/** ActiveMQ Classic ends the connection at a header line of 10 KiB; the name needs room too. */
const longestValueBytes = 8_192;

/** Characters of at most 3 bytes of UTF-8 per UTF-16 unit: a length below this needs no counting. */
const surelyShort = Math.floor(longestValueBytes / 3);

/** Bytes of a name or value in a frame of STOMP 1.2, where a colon and a backslash are escaped by another byte. */
export function wireBytes(text: string): number {
  const escaped = text.match(/[:\\]/gu)?.length ?? 0;
  return new TextEncoder().encode(text).byteLength + escaped;
}

/**
 * Says why a header cannot travel unharmed through every broker, or nothing: line ends, outer spaces and NUL are
 * changed by brokers, a backslash sequence by stompjs when it reads (it undoes the escapes one after the other).
 */
export function headerProblem(name: string, value: string): Problem | undefined {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u.test(name)) {
    return toProblem(`header ${name}`, value, 'a name of letters, digits and - . _');
  }
  const isUnsafe = /[\u0000-\u001f\u007f\\]/u.test(value) || value !== value.trim() || !value.isWellFormed();
  const isTooLong = value.length > surelyShort && wireBytes(value) > longestValueBytes;
  if (!isUnsafe && !isTooLong) return undefined;
  const allowed = `at most ${longestValueBytes} bytes, of which a colon takes two, without control characters, backslashes and outer spaces`;
  return toProblem(`header ${name}`, value, allowed);
}
