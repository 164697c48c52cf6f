/**
 * Handles requests as the handling behind it, each within a span that continues the trace of its message. The handler, its
 * progress, its reply, a retry and an answer that is given later all go on from there.
 */
import type { Destination } from '#core/destination.js';
import { isReplytoError, toReplytoError } from '#core/errors.js';
import type { Span, Tracer } from '#core/ports/tracer.js';
import { traceContextOf, withTrace } from '#core/trace-context.js';
import type { RunOutcome } from './handler-run.js';
import type { RequestHandling } from './request-handling.js';

export function createTracedHandling(
  handling: RequestHandling,
  { tracer, queue }: { readonly tracer: Tracer; readonly queue: Destination },
): RequestHandling {
  return {
    begin(delivery, isCancelled) {
      const { message } = delivery;
      const facts = { operation: 'process', destination: queue, message } as const;
      const span = tracer.message(facts, traceContextOf(message.properties));
      const traced = { ...message, properties: withTrace(message.properties, span.context) };
      const begun = span.run(() =>
        handling.begin({ ...delivery, message: traced }, isCancelled, (outcome) => endFailed(span, outcome)),
      );
      begun.isDone.then(
        () => span.end(),
        (error: unknown) => span.end(toReplytoError(error).code),
      );
      return begun;
    },
  };
}

/** At once: what follows may be a pause before the next attempt. */
function endFailed(span: Span, outcome: RunOutcome): void {
  switch (outcome.kind) {
    case 'reply':
    case 'deferred':
      return;
    case 'fault':
      span.end(outcome.fault.code);
      return;
    case 'stopped':
      span.end(outcome.reason);
      return;
    case 'error':
      span.end(nameOf(outcome.error));
      return;
  }
}

function nameOf(error: unknown): string {
  if (isReplytoError(error)) return error.code;
  return error instanceof Error ? error.name : 'Error';
}
