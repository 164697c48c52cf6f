/**
 * What a body breaks of the JSON Schema of its route, in the words of every other problem: where, what stands
 * there, what is allowed. The validator's own messages are sentences ("must be integer"), and whoever tells a
 * problem puts "must be" before what is allowed.
 */
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { boundInWords, choiceInWords, openBoundInWords, typeInWords } from '#schema/allowed-in-words.js';
import { pathInWords, valueInWords } from '#schema/problems.js';

type Params = Readonly<Record<string, unknown>>;

export function bodyProblemOf({ keyword, instancePath, params, data }: ErrorObject): Problem {
  const path = ['body', ...pathOf(instancePath)];
  const facts = params as Params;
  switch (keyword) {
    case 'required':
      return toProblem(pathInWords([...path, textOf(facts, 'missingProperty')]), undefined, 'it is required');
    case 'dependentRequired': {
      const words = `it is required with '${textOf(facts, 'property')}'`;
      return toProblem(pathInWords([...path, textOf(facts, 'missingProperty')]), undefined, words);
    }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = textOf(facts, 'additionalProperty') || textOf(facts, 'unevaluatedProperty');
      return toProblem(pathInWords([...path, name]), undefined, 'no such member');
    }
    default:
      return toProblem(pathInWords(path), valueInWords(data), allowed(keyword, facts));
  }
}

function limitOf({ limit }: Params): number {
  return Number(limit);
}

function mostEntries(facts: Params): string {
  return boundInWords('list', 'most', limitOf(facts));
}

const inWords: Readonly<Record<string, (facts: Params) => string>> = {
  type: (facts) => listOf(facts, 'type').map(typeInWords).join(' or '),
  enum: (facts) => choiceInWords(listOf(facts, 'allowedValues')),
  const: (facts) => textOf(facts, 'allowedValue'),
  minLength: (facts) => boundInWords('text', 'least', limitOf(facts)),
  maxLength: (facts) => boundInWords('text', 'most', limitOf(facts)),
  minItems: (facts) => boundInWords('list', 'least', limitOf(facts)),
  maxItems: mostEntries,
  items: mostEntries,
  unevaluatedItems: mostEntries,
  minProperties: (facts) => boundInWords('object', 'least', limitOf(facts)),
  maxProperties: (facts) => boundInWords('object', 'most', limitOf(facts)),
  minimum: (facts) => boundInWords('number', 'least', limitOf(facts)),
  maximum: (facts) => boundInWords('number', 'most', limitOf(facts)),
  exclusiveMinimum: (facts) => openBoundInWords('least', limitOf(facts)),
  exclusiveMaximum: (facts) => openBoundInWords('most', limitOf(facts)),
  multipleOf: (facts) => `a multiple of ${textOf(facts, 'multipleOf')}`,
  pattern: (facts) => `text of the form /${textOf(facts, 'pattern')}/u`,
  format: (facts) => `text of the format ${textOf(facts, 'format')}`,
  uniqueItems: () => 'entries that differ from each other',
  'false schema': () => 'nothing',
};

function allowed(keyword: string, facts: Params): string {
  const words = Object.hasOwn(inWords, keyword) ? inWords[keyword] : undefined;
  return words?.(facts) ?? `what '${keyword}' of the JSON Schema asks for`;
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d{1,9}$/u.test(step) ? Number(step) : step));
}

function textOf(params: Params, name: string): string {
  return valueInWords(params[name]) ?? '';
}

function listOf(params: Params, name: string): string[] {
  const value = params[name];
  return (Array.isArray(value) ? value : [value]).map((entry) => valueInWords(entry) ?? '');
}
