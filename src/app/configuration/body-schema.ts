/**
 * A JSON Schema (2020-12) of a route, compiled. The schema comes from the operator and is trusted, the
 * bodies come from anybody: a check ends at the first thing that is wrong, because a body of one MiB can
 * hold half a million of them, and it never throws and never changes the body.
 */
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { toProblem } from '#core/errors.js';
import type { BodyCheck } from '#schema/body-check.js';
import { parseJson } from '#schema/json.js';
import { bodyProblemOf } from './body-problem.js';

export type CompiledSchema =
  | { readonly ok: true; readonly check: BodyCheck }
  /** What is wrong with the schema itself. */
  | { readonly ok: false; readonly reason: string };

/** One wrong value can fail several branches of an anyOf. */
const mostProblems = 10;

function createCheck(validate: ValidateFunction): BodyCheck {
  return (body) => {
    try {
      if (validate(body)) return [];
      return (validate.errors ?? []).slice(0, mostProblems).map(bodyProblemOf);
    } catch {
      // A schema that refers to itself walks as deep as the body goes.
      return [toProblem('body', undefined, 'a value that is not nested that deep')];
    }
  };
}

/** Compiles the text of a schema file. References must stay inside of the file. */
export function compileBodySchema(text: string): CompiledSchema {
  const parsed = parseJson(new TextEncoder().encode(text), 'schema');
  if (!parsed.ok) return { ok: false, reason: `it is not ${parsed.problems[0]?.allowed ?? 'JSON'}` };
  const schema = parsed.value;
  const isSchema = typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null);
  if (!isSchema || Array.isArray(schema))
    return { ok: false, reason: 'a schema is an object, true or false' };
  if (typeof schema === 'object' && '$async' in schema) {
    return { ok: false, reason: '$async is no part of JSON Schema' };
  }
  const ajv = new Ajv2020({
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    verbose: true,
    logger: false,
  });
  addFormats.default(ajv);
  try {
    return { ok: true, check: createCheck(ajv.compile(schema)) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : undefined;
    return { ok: false, reason: reason ?? 'it is no JSON Schema (2020-12)' };
  }
}
