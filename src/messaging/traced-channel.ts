/**
 * Sends as the channel behind it, and traces each send of a message that belongs to a trace: the message goes on under
 * the trace of its send, which ends with the receipt, or with the code of the failure. What is published is not traced:
 * events belong to many.
 */
import { toReplytoError } from '#core/errors.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Tracer } from '#core/ports/tracer.js';
import { traceContextOf, withTrace } from '#core/trace-context.js';

export function createTracedChannel(channel: MessageChannel, tracer: Tracer): MessageChannel {
  return {
    isUp: () => channel.isUp(),
    onUp: (callback) => channel.onUp(callback),
    publish: (topic, message) => channel.publish(topic, message),
    async send(destination, message, options) {
      const parent = traceContextOf(message.properties);
      // While the broker is away the same message is tried every second; nothing of that is sent.
      if (parent.traceparent === undefined || !channel.isUp()) {
        await channel.send(destination, message, options);
        return;
      }
      const span = tracer.message({ operation: 'send', destination, message }, parent);
      const traced = { ...message, properties: withTrace(message.properties, span.context) };
      try {
        await channel.send(destination, traced, options);
        span.end();
      } catch (error) {
        span.end(toReplytoError(error).code);
        throw error;
      }
    },
  };
}
