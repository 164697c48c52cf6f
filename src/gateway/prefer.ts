import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';

/** The preferences of RFC 7240 that this product knows. */
export interface Preference {
  /** Seconds the caller will wait at most; undefined = not stated. */
  readonly waitSeconds: number | undefined;
  readonly respondAsync: boolean;
}

const allowed = 'wait=N with whole seconds from 0, respond-async, or both';
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const preferencePattern = new RegExp(
  `^(${token})(?:[ \\t]*=[ \\t]*(?:"([^"]*)"|(${token})))?[ \\t]*(?:;.*)?$`,
  'su',
);
/** The elements of the list; a comma inside of quotes parts nothing. */
const elementPattern = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/gsu;
/** Means the wait, whatever follows. */
const waitPattern = /^wait[ \t]*(?:[=;]|$)/iu;

/**
 * Reads `Prefer`. Preferences of others are ignored, of a repeated one the first counts, both as the RFC
 * says; a `wait` that is no number of seconds is an error rather than silently the default.
 */
export function parsePrefer(header: string | undefined): Preference | Problem {
  let waitSeconds: number | undefined;
  let respondAsync = false;
  for (const [element] of (header ?? '').matchAll(elementPattern)) {
    const preference = element.trim();
    const match = preferencePattern.exec(preference);
    if (match?.[1]?.toLowerCase() === 'respond-async') respondAsync = true;
    if (!waitPattern.test(preference) || waitSeconds !== undefined) continue;
    const value = match?.[2] ?? match?.[3];
    if (value === undefined || !/^\d{1,9}$/u.test(value)) return toProblem('Prefer', header, allowed);
    waitSeconds = Number(value);
  }
  return { waitSeconds, respondAsync };
}

export interface AppliedWait {
  readonly waitMs: number;
  /** What `Preference-Applied` says; undefined when no preference was stated. */
  readonly applied: string | undefined;
}

/** How long to wait: what the caller prefers, capped; else the default. `respond-async` alone means not at all. */
export function applyPreference(
  { waitSeconds, respondAsync }: Preference,
  { defaultMs, maxMs }: { readonly defaultMs: number; readonly maxMs: number },
): AppliedWait {
  const stated = waitSeconds === undefined ? (respondAsync ? 0 : undefined) : waitSeconds * 1_000;
  const waitMs = Math.min(stated ?? defaultMs, maxMs);
  const applied = [
    respondAsync ? 'respond-async' : undefined,
    waitSeconds === undefined ? undefined : `wait=${Math.floor(waitMs / 1_000)}`,
  ].filter((preference) => preference !== undefined);
  return { waitMs, applied: applied.length === 0 ? undefined : applied.join(', ') };
}
