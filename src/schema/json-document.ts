import type { z } from 'zod';
import { parseJson } from './json.js';
import type { Parsed } from './problems.js';
import { parseWith } from './problems.js';

/** Reads the JSON body of a call by its schema. Never throws. */
export function parseJsonDocument<S extends z.ZodType>(schema: S, body: Uint8Array): Parsed<z.output<S>> {
  const json = parseJson(body, 'body');
  return json.ok ? parseWith(schema, json.value, 'body') : json;
}
