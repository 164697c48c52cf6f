import type { Destination } from '#core/destination.js';
import type { Message } from '#core/message.js';
import type { OutboxDelivery } from '#core/ports/outbox.js';
import type { SendOptions } from '#core/ports/message-channel.js';
import type { StoredRequest } from '#core/request.js';
import { replyToken } from './digest.js';

/** What every message of one deployment carries. */
export interface Deployment {
  readonly storeId: string;
  readonly secret: Uint8Array;
  /** The one reply queue of all gateways. */
  readonly replies: Destination;
}

/** The request as it goes to its queue. Deadlines are made anew at every send; `now` as the store has it. */
export function toRequestMessage(request: StoredRequest, deployment: Deployment, now: number): Message {
  const { expiresAt } = request;
  return {
    messageId: request.id,
    correlationId: null,
    replyTo: request.oneWay ? null : deployment.replies,
    time: request.time,
    contentType: request.contentType,
    body: request.body,
    applicationHeaders: request.applicationHeaders,
    properties: {
      ...request.properties,
      attempt: 1,
      ...(request.resend > 0 ? { resend: request.resend } : {}),
      ...(expiresAt === null ? {} : { expiresAt, deadlineMs: Math.max(0, expiresAt - now) }),
      ...(request.oneWay
        ? {}
        : { storeId: deployment.storeId, replyToken: replyToken(deployment.secret, request.id) }),
    },
  };
}

/** @param now as the store has it, of which its deadline is */
export function requestSendOptions({ brokerExpiry, expiresAt }: StoredRequest, now: number): SendOptions {
  return brokerExpiry && expiresAt !== null ? { brokerExpiresAt: expiresAt, now } : {};
}

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
