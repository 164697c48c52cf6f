/** `Retry-After` (RFC 9110, 10.2.3): when it makes sense to ask again, as far as anybody can tell. */

const longestSeconds = 60;
/** Above the longest answer stay so many places over which callers are spread. */
const longestKnownSeconds = 48;

/**
 * Whole seconds, 1 to 60: never less than what is known, unless that is beyond 48, and up to a quarter more, 1 at least, so
 * that not all who were refused come back in the same second.
 *
 * @param ms until it may work; Infinity = nothing tells that it ever will
 * @param random 0 up to 1
 */
export function toRetryAfterSeconds(ms: number, random: number): number {
  const known = Math.min(longestKnownSeconds, Math.max(1, Math.ceil(ms / 1_000)));
  return Math.min(longestSeconds, known + Math.floor(random * Math.max(2, known / 4 + 1)));
}
