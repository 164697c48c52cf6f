import type { OwnDestinations } from '#core/destination.js';
import { queueNameProblem } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isQueueAllowed } from '#schema/queue-pattern.js';

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
