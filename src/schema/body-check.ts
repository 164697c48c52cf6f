import type { Problem } from '#core/errors.js';
import { parseJson } from './json.js';

/**
 * Says what is wrong with a parsed JSON body by the JSON Schema of a route; empty when it is as it should be.
 *
 * @param bytes - its length as it came: of a small body more than the first fault is told; absent: it is large
 */
export type BodyCheck = (body: unknown, bytes?: number) => readonly Problem[];

/** What is wrong with a body as it came: that it is no JSON, or what the check says. */
export function bodyProblems(check: BodyCheck, body: Uint8Array): readonly Problem[] {
  const json = parseJson(body, 'body');
  return json.ok ? check(json.value, body.byteLength) : json.problems;
}
