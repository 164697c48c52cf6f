import type { Problem } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import type { StompRefusal } from '#adapters/stomp-server/refusal.js';
import { refusal } from '#adapters/stomp-server/refusal.js';

/** Names each header and its value; the body of the ERROR says for each what is allowed. */
export function toRefusal(problems: readonly Problem[]): StompRefusal {
  const summary = problems.map(({ field, value }) => `${field} '${value ?? ''}' is not offered`).join('; ');
  return refusal(summary, problems.map(({ field, allowed }) => `${field}: ${allowed}`).join('\n'));
}

/** What a port threw while the destination was subscribed to; anything unknown stays as it is. */
export function toSubscribeRefusal(thrown: unknown, destination: string): unknown {
  if (!isReplytoError(thrown)) return thrown;
  if (thrown.problems.length > 0) return toRefusal(thrown.problems);
  const next = thrown.retryable ? 'Subscribe again later.' : thrown.kind.sentence;
  return refusal(`destination '${destination}' cannot be subscribed to`, `${thrown.message}\n${next}`);
}
