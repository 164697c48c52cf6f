import type { OwnDestinations } from '#core/destination.js';
import { queueNameProblem } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isQueueAllowed } from '#schema/queue-pattern.js';
import type { GatewayContext } from './context.js';
import type { Principal } from './principal.js';
import { refuseUnless } from './principal.js';

/**
 * Whether a caller may use this queue at all.
 *
 * @throws INVALID_REQUEST, DESTINATION_NOT_ALLOWED
 */
export function checkDestination(
  own: OwnDestinations,
  field: string,
  name: string,
  patterns: readonly string[],
): void {
  const problem = queueNameProblem(field, name);
  if (problem !== undefined) throw new ReplytoError('INVALID_REQUEST', { problems: [problem] });
  if (own.isReserved(name)) {
    const problems = [toProblem(field, name, own.unreserved)];
    throw new ReplytoError('DESTINATION_NOT_ALLOWED', { problems, destination: name });
  }
  if (!isQueueAllowed(patterns, name)) {
    const problems = [toProblem(field, name, `a queue that matches ${patterns.join(' or ') || 'nothing'}`)];
    throw new ReplytoError('DESTINATION_NOT_ALLOWED', { problems, destination: name });
  }
}

/** Whether it is no name of a queue but an address such as that of a callback. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(text);
}

/**
 * Whether this caller may have replies sent to the queue.
 *
 * @throws INVALID_REQUEST, DESTINATION_NOT_ALLOWED, NOT_PERMITTED
 */
export function checkReplyTo(
  { own, configuration }: Pick<GatewayContext, 'own' | 'configuration'>,
  principal: Principal,
  { field, name }: { readonly field: string; readonly name: string },
): void {
  checkDestination(own, field, name, configuration.allow.replyTo);
  const right = 'have replies sent to this queue';
  refuseUnless(principal.mayReplyTo(name), principal, { field, value: name, right });
}
