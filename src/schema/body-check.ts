import type { Problem } from '#core/errors.js';
import { parseJson } from './json.js';

/** Says what is wrong with a parsed JSON body by the JSON Schema of a route; empty when it is as it should be. */
export type BodyCheck = (body: unknown) => readonly Problem[];

/** What is wrong with a body as it came: that it is no JSON, or what the check says. */
export function bodyProblems(check: BodyCheck, body: Uint8Array): readonly Problem[] {
  const json = parseJson(body, 'body');
  return json.ok ? check(json.value) : json.problems;
}
