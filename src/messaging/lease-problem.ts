import { ReplytoError } from '#core/errors.js';
import type { LeaseKey, LeaseState } from '#core/ports/leases.js';

const howItEnded = {
  acknowledged: 'it was acknowledged',
  replied: 'it was answered, with another reply',
  released: 'it was released',
  lapsed: 'it ran out, and the message went back to its queue',
} as const;

/** What is told to a caller whose lease is not held: LEASE_NOT_FOUND or LEASE_ENDED. */
export function leaseProblem({ id, queue }: LeaseKey, state: LeaseState | null): ReplytoError {
  if (state === null || state.kind === 'held') {
    return new ReplytoError('LEASE_NOT_FOUND', {
      detail: `no lease '${id.slice(0, 64)}' of ${queue} is known`,
    });
  }
  const { end, endedAt } = state;
  return new ReplytoError('LEASE_ENDED', {
    detail: `${howItEnded[end]}, at ${endedAt} (epoch milliseconds)`,
  });
}
