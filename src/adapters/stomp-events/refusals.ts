import type { Problem } from '#core/errors.js';
import { isReplytoError, toProblem } from '#core/errors.js';
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
  if (thrown.problems.length > 0) {
    // The port knows what the destination names; the client knows it as it wrote it.
    return toRefusal(
      thrown.problems.map((problem) =>
        problem.field === 'destination' ? toProblem('destination', destination, problem.allowed) : problem,
      ),
    );
  }
  const next = thrown.retryable ? 'Subscribe again later.' : thrown.kind.sentence;
  return refusal(
    `destination '${destination.slice(0, 300)}' cannot be subscribed to`,
    `${thrown.message}\n${next}`,
  );
}
