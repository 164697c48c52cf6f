import type { Message } from './message.js';
import type { OutboxDelivery } from './ports/outbox.js';

/** The reply as it goes to the caller's Reply-To queue: correlated, and without a reply address. */
export function toForwardMessage(delivery: OutboxDelivery, now: number): Message {
  const { reply, requestId, messageId, conversationId } = delivery;
  const conversation = conversationId === null ? {} : { conversationId };
  if (reply === null) return toExpiryFault(delivery, now);
  const { fault, requestDigest, schema, traceparent, tracestate, baggage, project, priority, form } =
    reply.properties;
  const kept = { fault, requestDigest, schema, traceparent, tracestate, baggage, project, priority, form };
  return {
    messageId,
    correlationId: requestId,
    replyTo: null,
    time: reply.time,
    contentType: reply.contentType,
    body: reply.body,
    applicationHeaders: reply.applicationHeaders,
    properties: { ...withoutUndefined(kept), ...conversation },
  };
}

function toExpiryFault({ messageId, requestId, conversationId }: OutboxDelivery, now: number): Message {
  const fault = {
    code: 'REQUEST_EXPIRED',
    message: 'the request expired before a reply came',
    retryable: false,
  };
  return {
    messageId,
    correlationId: requestId,
    replyTo: null,
    time: now,
    contentType: 'application/json',
    body: new TextEncoder().encode(JSON.stringify(fault)),
    applicationHeaders: {},
    properties: { fault: true, ...(conversationId === null ? {} : { conversationId }) },
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}
