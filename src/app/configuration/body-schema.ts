/**
 * A JSON Schema (2020-12) of a route, compiled. The schema comes from the operator and is trusted, the
 * bodies come from anybody: a check ends at the first thing that is wrong, because a body of one MiB can
 * hold half a million of them, and it never throws and never changes the body.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { BodyCheck } from '#schema/body-check.js';
import { parseJson } from '#schema/json.js';
import { pathInWords, valueInWords } from '#schema/problems.js';

export type CompiledSchema =
  | { readonly ok: true; readonly check: BodyCheck }
  /** What is wrong with the schema itself. */
  | { readonly ok: false; readonly reason: string };

/** One wrong value can fail several branches of an anyOf. */
const mostProblems = 10;

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d{1,9}$/u.test(step) ? Number(step) : step));
}

function textOf(params: Record<string, unknown>, name: string): string {
  const value = params[name];
  return typeof value === 'string' ? value : (valueInWords(value) ?? '');
}

const propertyParameter = {
  additionalProperties: 'additionalProperty',
  unevaluatedProperties: 'unevaluatedProperty',
} as const;

function problemOf({ keyword, instancePath, params, message, data }: ErrorObject): Problem {
  const path = ['body', ...pathOf(instancePath)];
  const facts = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return toProblem(pathInWords([...path, textOf(facts, 'missingProperty')]), undefined, 'it is required');
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = textOf(facts, propertyParameter[keyword]);
      return toProblem(pathInWords([...path, name]), undefined, 'no such member');
    }
    case 'enum': {
      const values = Array.isArray(facts['allowedValues']) ? facts['allowedValues'] : [];
      const words = `one of ${values.map((value) => valueInWords(value)).join(', ')}`;
      return toProblem(pathInWords(path), valueInWords(data), words);
    }
    default:
      return toProblem(pathInWords(path), valueInWords(data), message ?? `valid by '${keyword}'`);
  }
}

function createCheck(validate: ValidateFunction): BodyCheck {
  return (body) => {
    try {
      if (validate(body)) return [];
      return (validate.errors ?? []).slice(0, mostProblems).map(problemOf);
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
