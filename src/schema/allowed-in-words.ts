import type { z } from 'zod';

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  nonoptional: 'any value',
};

function bound(issue: z.core.$ZodRawIssue, word: 'least' | 'most', limit: unknown): string {
  const count = String(limit);
  switch (issue['origin']) {
    case 'string':
      return word === 'least' && count === '1' ? 'text that is not empty' : `at ${word} ${count} characters`;
    case 'array':
      return `at ${word} ${count} entries`;
    default:
      return issue['inclusive'] === false
        ? `${word === 'least' ? 'more' : 'less'} than ${count}`
        : `at ${word} ${count}`;
  }
}

function unionInWords(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const words = new Set(errors.flatMap((issues) => issues.slice(0, 1).map((issue) => issue.message)));
  return [...words].join(', or ') || 'one of the forms that the schema names';
}

/** Says what is allowed where zod found an issue; what a schema itself says in words goes before it. */
export function allowedInWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const words = typeNames[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `${words}; it is required` : words;
    }
    case 'too_small':
      return bound(issue, 'least', issue.minimum);
    case 'too_big':
      return bound(issue, 'most', issue.maximum);
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
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
