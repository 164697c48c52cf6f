import { ReplytoError, toProblem } from '#core/errors.js';
import type { Position } from '../request-following.js';

/** @throws INVALID_REQUEST when a client cannot have been there, `last` being the newest event */
export function refuseFuture({ after = 0, positionName }: Position, last: number): void {
  if (after <= last) return;
  const allowed = `the sequence of an event of this project, or 0: the newest is ${last}`;
  throw new ReplytoError('INVALID_REQUEST', { problems: [toProblem(positionName, String(after), allowed)] });
}
