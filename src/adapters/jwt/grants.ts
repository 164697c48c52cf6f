import type { JWTPayload } from 'jose';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Grants } from '#core/ports/authenticator.js';
import { isPrincipalName, mostPatterns } from '#schema/auth-tokens.js';
import { isQueuePattern, queuePatternAllowed } from '#schema/queue-pattern.js';

/** Names of the claims that say who calls, and for what. */
export type GrantClaims = Readonly<Record<keyof Grants, string>>;

/** @throws NOT_AUTHENTICATED when a claim is not of its form; the values are not told */
export function toGrants(payload: JWTPayload, claims: GrantClaims): Grants {
  const problems: Problem[] = [];
  const name = payload[claims.name];
  if (!isPrincipalName(name))
    refuse(claims.name, '1-255 characters without control characters and outer spaces');
  const grants: Grants = {
    name: String(name),
    queues: patterns(claims.queues),
    read: patterns(claims.read),
    replyTo: patterns(claims.replyTo),
    projects: patterns(claims.projects),
    broker: payload[claims.broker] === true,
  };
  if (problems.length > 0) throw new ReplytoError('NOT_AUTHENTICATED', { problems });
  return grants;

  function refuse(claim: string, allowed: string): void {
    problems.push(toProblem(`claim ${claim}`, undefined, allowed));
  }

  /** A list, or one text with spaces between its parts, as in `scope`. */
  function patterns(claim: string): readonly string[] {
    const given = payload[claim] ?? [];
    const found: unknown = typeof given === 'string' ? given.split(' ').filter((part) => part !== '') : given;
    if (isPatternList(found)) return found;
    refuse(claim, `at most ${mostPatterns} patterns, each ${queuePatternAllowed}`);
    return [];
  }
}

function isPatternList(given: unknown): given is readonly string[] {
  return (
    Array.isArray(given) &&
    given.length <= mostPatterns &&
    given.every((pattern) => typeof pattern === 'string' && isQueuePattern(pattern))
  );
}
