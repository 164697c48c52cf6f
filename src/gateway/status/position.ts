import { ReplytoError, toProblem } from '#core/errors.js';
import type { EventPage } from '#core/ports/event-log.js';
import type { Position } from '../request-following.js';

/** @throws INVALID_REQUEST when a client cannot have been there */
export function refuseFuture({ after = 0, positionName }: Position, { last }: Pick<EventPage, 'last'>): void {
  if (after <= last) return;
  const allowed = `the sequence of an event of this project, or 0: the newest is ${last}`;
  throw new ReplytoError('INVALID_REQUEST', { problems: [toProblem(positionName, String(after), allowed)] });
}
