/**
 * A JSON Schema (2020-12) of a route, compiled. The schema comes from the operator and is trusted, the
 * bodies come from anybody: the check of a large one ends at the first thing that is wrong, because a body of one
 * MiB can hold half a million of them, and it never throws and never changes the body.
 */
import type { AnySchema, ValidateFunction } from 'ajv/dist/2020.js';
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

const mostProblems = 10;
/** Up to here all faults are looked for; longer than any body that people write by hand. */
const smallBytes = 16 * 1024;

interface Validators {
  /** Ends at the first fault. */
  readonly first: ValidateFunction;
  /** Finds every fault. */
  readonly every: ValidateFunction;
}

function createCheck({ first, every }: Validators): BodyCheck {
  return (body, bytes = Infinity) => {
    try {
      if (first(body)) return [];
      const isSmall = bytes <= smallBytes;
      if (isSmall) every(body);
      // One wrong value can fail several branches of an anyOf.
      return ((isSmall ? every : first).errors ?? []).slice(0, mostProblems).map(bodyProblemOf);
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
  try {
    const validators = { first: compile(schema, false), every: compile(schema, true) };
    return { ok: true, check: createCheck(validators) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : undefined;
    return { ok: false, reason: reason ?? 'it is no JSON Schema (2020-12)' };
  }
}

function compile(schema: AnySchema, allErrors: boolean): ValidateFunction {
  const ajv = new Ajv2020({
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    verbose: true,
    logger: false,
    allErrors,
  });
  addFormats.default(ajv);
  return ajv.compile(schema);
}
