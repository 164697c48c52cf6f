import type { Request } from 'express';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { choiceInWords } from '#schema/allowed-in-words.js';
import type { Bounds } from '#schema/whole-number.js';
import { parseInteger } from '#schema/whole-number.js';

/**
 * Query parameters by name, and what is wrong with them; a parameter that the resource does not know is an error, because a misspelled
 * filter that is ignored gives a wrong answer.
 */
export function parseQuery<Name extends string>(
  request: Pick<Request, 'query'>,
  names: readonly Name[],
): { readonly found: Partial<Record<Name, string>>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(request.query)) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) problems.push(toProblem(`?${name}`, value, namesInWords(names)));
    else if (typeof value !== 'string') problems.push(toProblem(`?${name}`, value, 'given once'));
    else found[known] = value;
  }
  return { found, problems };
}

/** @throws INVALID_REQUEST */
export function readQuery<Name extends string>(
  request: Request,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const { found, problems } = parseQuery(request, names);
  if (problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems });
  return found;
}

function namesInWords(names: readonly string[]): string {
  return names.length === 0 ? 'no query; this resource has no parameters' : choiceInWords(names);
}

/** @throws INVALID_REQUEST when it is no whole number within the bounds */
export function readInteger(name: string, value: string | undefined, bounds: Bounds): number {
  const number = parseInteger(name, value, bounds);
  if (typeof number === 'number') return number;
  throw new ReplytoError('INVALID_REQUEST', { problems: [number] });
}
