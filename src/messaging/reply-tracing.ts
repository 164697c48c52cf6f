/**
 * Joins a reply to the trace of its request, however long ago that was and whoever asked: what came with the request
 * stands in the store.
 */
import type { Destination } from '#core/destination.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { Span, Tracer } from '#core/ports/tracer.js';
import type { IncomingReply } from '#core/request.js';
import { isSameTrace, traceContextOf } from '#core/trace-context.js';

export interface ReplyTracingOptions {
  readonly tracer: Tracer;
  readonly store: Pick<RequestStore, 'findTrace'>;
  /** Where replies come in. */
  readonly replies: Destination;
}

export interface ReplyTracing {
  /**
   * The settling of this reply. It follows what the service did, where that belongs to the trace of the request, and
   * otherwise the request itself, with a link to what the service did.
   */
  begin(reply: IncomingReply): Promise<Span>;
}

export function createReplyTracing({ tracer, store, replies }: ReplyTracingOptions): ReplyTracing {
  return {
    async begin(reply) {
      const { correlationIds, replyId, messageId, body, properties } = reply;
      const [correlationId = null] = correlationIds;
      const message = { messageId: messageId ?? replyId, correlationId, body };
      const facts = { operation: 'settle', destination: replies, message } as const;
      const answered = traceContextOf(properties);
      const asked = await store.findTrace(correlationIds);
      return asked === null || isSameTrace(asked, answered)
        ? tracer.message(facts, answered)
        : tracer.message(facts, asked, answered);
    },
  };
}
