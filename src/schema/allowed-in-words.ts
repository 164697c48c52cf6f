import type { z } from 'zod';

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  nonoptional: 'any value',
};

/** A type of zod or of JSON Schema. */
export function typeInWords(type: string): string {
  return typeNames[type] ?? type;
}

const partNames = {
  text: ['character', 'characters'],
  list: ['entry', 'entries'],
  object: ['member', 'members'],
} as const;

/** How much there may be: `at least 2 entries`; of a number without a unit. */
export function boundInWords(
  of: keyof typeof partNames | 'number',
  word: 'least' | 'most',
  limit: number | bigint,
): string {
  if (of === 'number') return `at ${word} ${limit}`;
  const [one, many] = partNames[of];
  const count = Number(limit);
  if (of === 'text' && word === 'least' && count === 1) return 'text that is not empty';
  return `at ${word} ${count} ${count === 1 ? one : many}`;
}

/** A bound that is not allowed itself. */
export function openBoundInWords(word: 'least' | 'most', limit: number | bigint): string {
  return `${word === 'least' ? 'more' : 'less'} than ${limit}`;
}

export function choiceInWords(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
}

const measured: Readonly<Record<string, keyof typeof partNames>> = { string: 'text', array: 'list' };

function bound(
  { origin, inclusive }: { readonly origin: string; readonly inclusive?: boolean | undefined },
  word: 'least' | 'most',
  limit: number | bigint,
): string {
  return inclusive === false
    ? openBoundInWords(word, limit)
    : boundInWords(measured[origin] ?? 'number', word, limit);
}

function unionInWords(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const words = new Set(errors.flatMap((issues) => issues.slice(0, 1).map((issue) => issue.message)));
  return [...words].join(', or ') || 'one of the forms that the schema names';
}

/**
 * Says what is allowed where zod found an issue, so that "must be" can stand before it; what a schema itself says
 * in words goes before it.
 */
export function allowedInWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const words = typeInWords(issue.expected);
      return issue.input === undefined ? `${words}; it is required` : words;
    }
    case 'too_small':
      return bound(issue, 'least', issue.minimum);
    case 'too_big':
      return bound(issue, 'most', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return choiceInWords(issue.values.map(String));
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'an instant such as 2026-01-31T12:00:00.000Z'
        : `text of the form ${issue.pattern ?? issue.format}`;
    case 'unrecognized_keys':
      return 'no such key';
    case 'invalid_union':
      return unionInWords(issue.errors);
    default:
      return 'something else; see the schema';
  }
}
