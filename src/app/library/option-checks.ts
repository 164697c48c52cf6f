/** Checks of what a program gives to the library: every problem of a call at once, before anything is done. */
import { queueNameProblem } from '#core/destination.js';
import type { OwnDestinations } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { isReplytoError, toProblem } from '#core/errors.js';
import { refuseProblems } from '#core/refuse-problems.js';
import { didYouMean } from '#schema/did-you-mean.js';
import { valueInWords } from '#schema/problems.js';
import { longestTimeoutMs } from '#schema/route.js';

interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** Milliseconds of something that takes time at all. */
export const durationRange: NumberRange = { min: 1, max: longestTimeoutMs };

/** For a whole number that may be left out. */
export function numberProblem(field: string, value: unknown, { min, max }: NumberRange): Problem | undefined {
  if (value === undefined || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max)) {
    return undefined;
  }
  return toProblem(field, valueInWords(value), `a whole number from ${min} to ${max}`);
}

/** For text that must be there; `check` says what else may be wrong with it. */
export function textProblem(
  field: string,
  value: unknown,
  check: (field: string, text: string) => Problem | undefined,
): Problem | undefined {
  return typeof value === 'string' ? check(field, value) : toProblem(field, valueInWords(value), 'text');
}

/** Text that may be left out and may be a secret: it is not shown. */
export function secretProblem(field: string, value: unknown): Problem | undefined {
  return value === undefined || typeof value === 'string' ? undefined : toProblem(field, undefined, 'text');
}

/**
 * The check of a queue that programs may use: none of the product's or of the broker's own.
 *
 * @param own - undefined while the broker itself is in doubt
 */
export function freeQueue(
  own: OwnDestinations | undefined,
  allowed = own?.unreserved ?? '',
): (field: string, name: string) => Problem | undefined {
  return (field, name) =>
    queueNameProblem(field, name) ??
    (own?.isReserved(name) === true ? toProblem(field, name, allowed) : undefined);
}

/** Every member that is no option. No value is shown: what is misspelt may be a secret. */
export function nameProblems(given: object, known: readonly string[], prefix = ''): Problem[] {
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = didYouMean(name, known);
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
      return toProblem(`${prefix}${name}`, undefined, `no such option; ${hint}`);
    });
}

/**
 * The options of a call as an object, because programs without types call too; none at all is an empty one.
 *
 * @throws INVALID_ARGUMENT
 */
export function toOptions<T extends object>(given: T | undefined): Partial<T> {
  if (given === undefined) return {};
  // They may hold a password.
  if (!isObject(given)) refuseProblems([toProblem('options', undefined, 'an object')]);
  return given;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it is an object that has these methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}

/** What `read` refuses. */
export function problemsOf(read: () => unknown): readonly Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    return error.problems;
  }
}
