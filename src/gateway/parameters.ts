import type { Request } from 'express';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { choiceInWords } from '#schema/allowed-in-words.js';

/**
 * Query parameters by name; a parameter that the resource does not know is an error, because a misspelled
 * filter that is ignored gives a wrong answer.
 *
 * @throws INVALID_REQUEST
 */
export function readQuery<Name extends string>(
  request: Request,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const problems: Problem[] = [];
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(request.query)) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) problems.push(toProblem(`?${name}`, value, namesInWords(names)));
    else if (typeof value !== 'string') problems.push(toProblem(`?${name}`, value, 'given once'));
    else found[known] = value;
  }
  if (problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems });
  return found;
}

function namesInWords(names: readonly string[]): string {
  return names.length === 0 ? 'no query; this resource has no parameters' : choiceInWords(names);
}

/** @throws INVALID_REQUEST when it is no whole number within the bounds */
export function readInteger(
  name: string,
  value: string | undefined,
  bounds: { readonly min: number; readonly max: number; readonly absent: number },
): number {
  if (value === undefined) return bounds.absent;
  const number = /^\d{1,15}$/u.test(value) ? Number(value) : Number.NaN;
  if (number >= bounds.min && number <= bounds.max) return number;
  const allowed = `a whole number from ${bounds.min} to ${bounds.max}`;
  throw new ReplytoError('INVALID_REQUEST', { problems: [toProblem(name, value, allowed)] });
}
