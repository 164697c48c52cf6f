import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { repeatedMember } from './json-members.js';
import { parseJson } from './json.js';

/**
 * Says what is wrong with a parsed JSON body by the JSON Schema of a route; empty when it is as it should be.
 *
 * @param bytes - its length as it came: of a small body more than the first fault is told; absent: it is large
 */
export type BodyCheck = (body: unknown, bytes?: number) => readonly Problem[];

/**
 * What is wrong with a body as it came: that it is no JSON, or could be read in another way by the service, which gets
 * the same bytes, or what the check says.
 */
export function bodyProblems(check: BodyCheck, body: Uint8Array): readonly Problem[] {
  const json = parseJson(body, 'body');
  if (!json.ok) return json.problems;
  if (hasByteOrderMark(body)) return [toProblem('body', undefined, 'JSON without a byte order mark')];
  const repeated = repeatedMember(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
  );
  if (repeated !== undefined) {
    return [toProblem('body', repeated, 'JSON in which no object has a member twice')];
  }
  return check(json.value, body.byteLength);
}

function hasByteOrderMark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf;
}
