/**
 * From zod's issues to the problems this product reports: where, what was given, what is allowed in
 * words, and for an unknown key what was probably meant. All problems of a value at once. Nothing here
 * throws: not for circular values and not for values nested without end.
 */
import type { z } from 'zod';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { allowedInWords } from './allowed-in-words.js';
import { didYouMean } from './did-you-mean.js';
import { memberNamesAt } from './schema-tree.js';

export type Path = readonly PropertyKey[];

/** One thing that a schema refused, before it is put into words for a certain reader. */
export interface Finding {
  readonly path: Path;
  /** What stands at the path; undefined when nothing does. */
  readonly value: unknown;
  readonly allowed: string;
  /** Present when the path ends in a key that the schema does not know: the keys that it does know. */
  readonly knownKeys?: readonly string[];
}

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly findings: readonly Finding[] };

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

function valueAt(input: unknown, path: Path): unknown {
  let current = input;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

function unknownKeyInWords(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  if (meant !== undefined) return `no such key; did you mean '${meant}'?`;
  return known.length === 0 ? 'no such key' : `no such key; known here are ${known.join(', ')}`;
}

function toFindings(schema: z.core.$ZodType, input: unknown, issue: z.core.$ZodIssue): Finding[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: issue.path, value: valueAt(input, issue.path), allowed: issue.message }];
  }
  const knownKeys = memberNamesAt(schema, issue.path);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    return { path, value: valueAt(input, path), allowed: unknownKeyInWords(key, knownKeys), knownKeys };
  });
}

/**
 * One finding for each place: what breaks the form of a value goes before what breaks a rule. zod also
 * measures the length of a list where text is asked for, which would be told as a second problem.
 */
export function firstOfEach(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ path }) => {
    const place = JSON.stringify(path.map(String));
    return seen.has(place) ? false : seen.add(place);
  });
}

/** Checks a value against a schema; the findings come in the order of the schema. */
export function check<S extends z.ZodType>(schema: S, input: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(input, { error: allowedInWords });
  if (result.success) return { ok: true, value: result.data };
  const findings = result.error.issues.flatMap((issue) => toFindings(schema, input, issue));
  return { ok: false, findings: firstOfEach(findings) };
}

/** `routes[0].queue`: how a path is written in problems. */
export function pathInWords(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** A value as text; for what JSON cannot hold (circular, nested too deep) only its kind. */
export function valueInWords(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? '(a list)' : '(an object)';
  }
}

/** @param whole - the name for the value as a whole, where a finding has no path. */
function toProblems(findings: readonly Finding[], whole: string): Problem[] {
  return findings.map(({ path, value, allowed }) =>
    toProblem(path.length === 0 ? whole : pathInWords(path), valueInWords(value), allowed),
  );
}

/** {@link check} for those who only pass the problems on. */
export function parseWith<S extends z.ZodType>(
  schema: S,
  input: unknown,
  whole: string,
): Parsed<z.output<S>> {
  const result = check(schema, input);
  return result.ok ? result : { ok: false, problems: toProblems(result.findings, whole) };
}
