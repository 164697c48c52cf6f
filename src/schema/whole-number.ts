import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly absent: number;
}

/** A whole number within the bounds, or what is wrong with it. */
export function parseInteger(name: string, value: string | undefined, bounds: Bounds): number | Problem {
  if (value === undefined) return bounds.absent;
  const number = /^\d{1,16}$/u.test(value) ? Number(value) : Number.NaN;
  if (number >= bounds.min && number <= bounds.max) return number;
  return toProblem(name, value, `a whole number from ${bounds.min} to ${bounds.max}`);
}
