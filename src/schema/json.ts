import { toProblem } from '#core/errors.js';
import { deepestJson } from '#core/json-depth.js';
import type { Parsed } from './problems.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > deepestJson) return true;
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return false;
}

/**
 * Reads JSON in UTF-8, nested at most 200 levels. Never throws.
 *
 * @param field - how the problem names the text, such as `body`.
 */
export function parseJson(bytes: Uint8Array, field: string): Parsed<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { ok: false, problems: [toProblem(field, undefined, 'UTF-8 text')] };
  }
  if (isTooDeep(text)) {
    return { ok: false, problems: [toProblem(field, undefined, `JSON of at most ${deepestJson} levels`)] };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? `; ${error.message}` : '';
    return { ok: false, problems: [toProblem(field, text, `JSON${reason}`)] };
  }
}

/**
 * Drops members that are null, of those named: many serializers write null for "absent". Other values
 * come back as they are.
 */
export function withoutNulls(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name, member]) => member !== null || !names.includes(name)),
  );
}
