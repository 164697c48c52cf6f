/** Messages as people and programs read them on a command's output. */
import { isUtf8 } from 'node:buffer';

/** A body in JSON: its value when it is JSON, else its text, else its bytes as base64. */
export type BodyFields = { readonly body: unknown } | { readonly bodyBase64: string };

const jsonType = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/iu;

export function bodyFields(body: Buffer, contentType: string | null): BodyFields {
  if (!isUtf8(body)) return { bodyBase64: body.toString('base64') };
  const text = body.toString('utf8');
  if (!jsonType.test(contentType ?? '')) return { body: text };
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { body: text };
  }
}

/**
 * Of text that came from elsewhere: what a terminal would obey instead of showing it is shown as `\u001b`. So are a `\r` that
 * ends no line, which would write over it, and what turns the direction of writing.
 */
export function harmless(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A body as it goes to an output: byte by byte to a program, readable to a person, with a line end behind it. Bytes
 * that are no text are only counted on a terminal.
 */
export function bodyText(body: Buffer, isTerminal: boolean): string | Buffer {
  if (!isTerminal) return body;
  if (!isUtf8(body)) return `(${body.byteLength} bytes that are no text; redirect them, or use -o json)\n`;
  const text = harmless(body.toString('utf8'));
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The escapes of `harmless` mean the same in JSON, so programs get them too. */
export function jsonLine(value: unknown): string {
  return `${harmless(JSON.stringify(value))}\n`;
}

export function jsonPretty(value: unknown): string {
  return `${harmless(JSON.stringify(value, null, 2))}\n`;
}
