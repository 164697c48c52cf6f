/**
 * Variables that were probably meant for this product and are not read, such as `BROKER_ULR`. Names without our
 * prefix may be anybody's, so these are told and are no errors, and only the nearest count: one slip of the
 * fingers, never in the first letter, because others put a letter or word before such names (`GLOG_LEVEL`).
 */
import { settings } from '#schema/settings.js';
import type { Environment } from './environment.js';
import { environmentNames, isSet, ownPrefix, readNames } from './environment.js';

/** One sentence for each, without values: a misspelled name may hold a secret. */
export function nearMissesInWords(environment: Environment): string[] {
  return Object.keys(environment).flatMap((name) => {
    // With our prefix an unknown name is an error already.
    if (name.startsWith(ownPrefix) || readNames.includes(name) || !isSet(environment, name)) return [];
    const meant = readNames.find((known) => isNear(name, known));
    if (meant === undefined || isGiven(environment, meant)) return [];
    return [`${name} is set and unknown here; did you mean ${meant}?`];
  });
}

/** Whoever set the right name too meant something else by the other. */
function isGiven(environment: Environment, meant: string): boolean {
  const names = settings.map(environmentNames).find((candidates) => candidates.includes(meant)) ?? [meant];
  return names.some((name) => isSet(environment, name));
}

/** `HOST` and `PORT` are one letter from many a name; of those only swapped neighbours count. */
const shortestCompared = 7;

function isNear(given: string, known: string): boolean {
  if (known.length < shortestCompared) return isSwapped(...middles(given, known));
  const one = normalised(given);
  const other = normalised(known);
  if (!one.startsWith(other.charAt(0))) return false;
  const [left, right] = middles(one, other);
  return (left.length <= 1 && right.length <= 1) || isSwapped(left, right);
}

function normalised(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/** Two neighbours in the other order. */
function isSwapped(left: string, right: string): boolean {
  return left.length === 2 && left === `${right.charAt(1)}${right.charAt(0)}`;
}

/** What is left of two texts without what both begin and end with. */
function middles(one: string, other: string): [string, string] {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [one.slice(start, one.length - end), other.slice(start, other.length - end)];
}
