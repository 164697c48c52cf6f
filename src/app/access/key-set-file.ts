import type { KeySet } from '#adapters/jwt/json-web-tokens.js';
import { parseKeySet } from '#adapters/jwt/json-web-tokens.js';
import { toProblem } from '#core/errors.js';
import type { Parsed } from '#schema/problems.js';
import { readTextFile } from '../configuration/read-file.js';

const maxBytes = 1_048_576;

/** Reads the public keys of an issuer. @param path absolute */
export function readKeySet(path: string): Parsed<KeySet> {
  const file = readTextFile(path, maxBytes);
  if (!file.ok) return refused(path, file.reason);
  try {
    return { ok: true, value: parseKeySet(file.text) };
  } catch {
    // What the parser says may quote the file, and somebody may have named one with private keys.
    return refused(path, 'it holds no such keys');
  }
}

function refused(path: string, reason: string): Parsed<never> {
  return { ok: false, problems: [toProblem(path, undefined, `a JSON Web Key Set (RFC 7517); ${reason}`)] };
}
