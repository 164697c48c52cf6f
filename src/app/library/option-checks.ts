/** Checks of what a program gives to the library: every problem of a call at once, before anything is done. */
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
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

/** @throws INVALID_ARGUMENT that names them all, unless there is none */
export function refuseProblems(problems: readonly (Problem | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length === 0) return;
  const sentences = found.map(
    (problem) => new ReplytoError('INVALID_ARGUMENT', { problems: [problem] }).message,
  );
  throw new ReplytoError('INVALID_ARGUMENT', { problems: found, detail: sentences.join('; ') });
}
