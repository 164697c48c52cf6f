import type { LetterSummary } from '#core/ports/dead-letters.js';
import type { LifeDelivery, LifeLetter, RequestLife } from '#core/ports/request-lives.js';
import type { RequestRecord } from '#core/request.js';
import { storedRequest } from './requests.js';

/** When the request of a life was accepted. */
export const acceptedAt = 1_700_000_000_000;

/** A request that was sent 10 ms after it was accepted, and nothing else, unless said otherwise. */
export function lifeOf(
  record: Partial<RequestRecord> = {},
  parts: Partial<Omit<RequestLife, 'record'>> = {},
): RequestLife {
  return {
    record: {
      ...storedRequest({ id: 'order-1', queue: 'orders', createdAt: acceptedAt, acceptedBy: 'a' }),
      ...{ status: 'sent', sentAt: acceptedAt + 10, attempts: 1 },
      ...record,
    },
    endedAt: null,
    sending: { owner: null, until: 0 },
    events: [],
    eventsLeftOut: 0,
    ...{ incidents: [], replies: [], deliveries: [], leases: [], letters: [], unmatchedSince: 0 },
    ...parts,
  };
}

export function lifeLetter(parts: Partial<LifeLetter> = {}): LifeLetter {
  const summary: LetterSummary = {
    ...{
      number: 17,
      kind: 'dead-letter',
      queue: 'orders',
      reason: 'no database',
      receivedAt: acceptedAt + 20,
    },
    ...{ messageId: 'order-1', correlationId: null, bytes: 2, isWhole: true, version: 1, editedAt: null },
  };
  return { ...summary, about: 'request', ...parts };
}

export function lifeDelivery(parts: Partial<LifeDelivery> = {}): LifeDelivery {
  return {
    ...{ id: 1, queue: 'answers', state: 'waiting', replyNumber: 1, attempts: 0, lastError: null },
    ...{ createdAt: acceptedAt + 30, endedAt: null, nextAt: acceptedAt + 40, owner: null, endedBy: null },
    ...parts,
  };
}
