import { queue } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import { isFault } from '#core/fault.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { NewRequest } from '#core/request.js';
import { withTrace } from '#core/trace-context.js';

/** Asks within a span, from which the trace goes on to the service and back. */
export async function traceRequest<R extends NewRequest, T>(
  tracer: Tracer,
  request: R,
  ask: (request: R) => Promise<T>,
): Promise<T> {
  if (!tracer.isOn) return ask(request);
  const message = { messageId: request.id, correlationId: null, body: request.body };
  const span = tracer.message({ operation: 'request', destination: queue(request.queue), message }, {});
  const traced = { ...request, properties: withTrace(request.properties, span.context) };
  try {
    const reply = await span.run(() => ask(traced));
    span.end();
    return reply;
  } catch (error) {
    span.end(isFault(error) ? error.code : toReplytoError(error).code);
    throw error;
  }
}
