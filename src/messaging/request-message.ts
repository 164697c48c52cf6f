import type { Destination } from '#core/destination.js';
import type { Message } from '#core/message.js';
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
