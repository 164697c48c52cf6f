import type { StompVersion } from './frame.js';
import { protocolFault } from './refusal.js';

/** STOMP 1.2 escapes CR too; in 1.1 `\r` is undefined and a CR stands for itself (both: "Value Encoding"). */
const needsEscape = { '1.2': /[\\\n\r:]/gu, '1.1': /[\\\n:]/gu } as const;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' };

const meanings = {
  '1.2': { '\\\\': '\\', '\\n': '\n', '\\r': '\r', '\\c': ':' },
  '1.1': { '\\\\': '\\', '\\n': '\n', '\\c': ':' },
} as const satisfies Record<StompVersion, Record<string, string>>;

export function escapeHeader(text: string, version: StompVersion): string {
  return text.replace(needsEscape[version], (character) => escapes[character] ?? character);
}

/** @throws StompRefusal that closes: an undefined sequence is a fatal protocol fault in both versions. */
export function unescapeHeader(text: string, version: StompVersion): string {
  if (!text.includes('\\')) return text;
  const known: Readonly<Record<string, string>> = meanings[version];
  return text.replace(/\\[^]?/gu, (sequence) => {
    const meaning = known[sequence];
    if (meaning !== undefined) return meaning;
    throw protocolFault(
      'undefined escape sequence in a header',
      `STOMP ${version} knows ${Object.keys(known).join(' ')}, not '${sequence}'.`,
    );
  });
}
