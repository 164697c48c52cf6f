import type { Destination } from './destination.js';
import type { Message, MessageProperties } from './message.js';

/**
 * Return Address (https://www.enterpriseintegrationpatterns.com/ReturnAddress.html): all that is needed to answer a
 * request later, from any process. Plain data: it may be kept as JSON for days.
 */
export interface ReturnAddress {
  readonly replyTo: Destination;
  /** Correlation id of the reply. */
  readonly correlationId: string;
  /** What the reply carries over from the request. */
  readonly properties: MessageProperties;
}

/** Null when the request expects no reply. */
export function returnAddressOf(request: Message, requestDigest?: string): ReturnAddress | null {
  if (request.replyTo === null) return null;
  const { conversationId, project, storeId, traceparent, tracestate, baggage, contentDigest } =
    request.properties;
  return {
    replyTo: request.replyTo,
    // A JMS requestor that chose a correlation id of its own expects that one back.
    correlationId: request.correlationId ?? request.messageId,
    properties: {
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(project === undefined ? {} : { project }),
      ...(storeId === undefined ? {} : { storeId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
      ...(baggage === undefined ? {} : { baggage }),
      ...(contentDigest === undefined || requestDigest === undefined ? {} : { requestDigest }),
    },
  };
}
