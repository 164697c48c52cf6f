/** What the store says of a request that was given to it. */
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { AcceptOutcome, RequestContent } from '#core/ports/request-store.js';
import type { NewRequest, RequestRecord, StoredRequest } from '#core/request.js';

type Refusal = Extract<AcceptOutcome, { readonly kind: 'mismatch' | 'taken' }>;

/**
 * The outcome, when the request is the one that is kept under its id.
 *
 * @param unnamed what differs when the store cannot tell
 * @throws IDEMPOTENCY_MISMATCH, MESSAGE_ID_TAKEN
 */
export function refuseOther<Outcome extends { readonly kind: 'created' | 'joined' }>(
  outcome: Outcome | Refusal,
  request: NewRequest,
  unnamed: readonly Problem[] = [],
): Outcome {
  if (outcome.kind === 'taken') throw new ReplytoError('MESSAGE_ID_TAKEN');
  if (outcome.kind !== 'mismatch') return outcome;
  const { differs } = outcome;
  const what = differs.length > 0 ? 'another body, queue or Reply-To' : 'another rule of what is gathered';
  throw new ReplytoError('IDEMPOTENCY_MISMATCH', {
    detail: `the message id ${request.id} was used before with ${what}`,
    problems: differs.length > 0 ? differs.map((content) => contentProblem(content, request)) : unnamed,
    requestId: request.id,
  });
}

export function toStored(record: RequestRecord, request: NewRequest): StoredRequest {
  const { contentType, body, properties, applicationHeaders, brokerExpiry } = request;
  return { ...record, contentType, body, properties, applicationHeaders, brokerExpiry };
}

/** Names what is not the same, and shows only what came now: the first request may be of somebody else. */
function contentProblem(
  content: RequestContent,
  { queue, replyTo, oneWay, properties }: NewRequest,
): Problem {
  switch (content) {
    case 'queue':
      return toProblem('queue', queue, 'the queue of the first request with this Message-ID');
    case 'replyTo':
      return toProblem(
        'Reply-To',
        oneWay ? 'none' : replyTo,
        'the same as of the first request with this Message-ID',
      );
    case 'body':
      return toProblem(
        'body',
        properties.contentDigest,
        'the bytes of the first request with this Message-ID; this is the digest of those that came',
      );
  }
}
