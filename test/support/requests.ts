import { randomUUID } from 'node:crypto';
import type { IncomingReply, NewRequest, StoredRequest } from '#core/request.js';

/** A request with an id of its own, without Reply-To and deadline unless said otherwise. */
export function newRequest(parts: Partial<NewRequest> = {}): NewRequest {
  return {
    id: randomUUID(),
    queue: 'prices',
    replyTo: null,
    oneWay: false,
    time: 1_552_959_300_136,
    contentType: 'application/json',
    body: Buffer.from('{"sku":7}'),
    properties: {},
    applicationHeaders: {},
    timeoutMs: null,
    fingerprint: 'as posted',
    brokerExpiry: false,
    postedBy: null,
    ...parts,
  };
}

/** A request that was just accepted, without Reply-To and deadline unless said otherwise. */
export function storedRequest(parts: Partial<StoredRequest> = {}): StoredRequest {
  const request = newRequest();
  return {
    ...request,
    ...{ status: 'accepted', project: null, conversationId: null, createdAt: request.time, sentAt: null },
    ...{ acceptedBy: null, parentId: null, children: 0 },
    ...{ repliedAt: null, expiresAt: null, attempts: 0, resend: 0, late: false, verified: null },
    ...{ progress: null, fault: null, replies: 0, version: 1 },
    ...parts,
  };
}

/** A reply to this request, with a Message-ID of its own that is its reply id too. */
export function newReply(requestId: string, parts: Partial<IncomingReply> = {}): IncomingReply {
  const messageId = randomUUID();
  return {
    correlationIds: [requestId],
    replyId: messageId,
    messageId,
    time: 1_552_959_301_000,
    contentType: 'application/json',
    body: Buffer.from('{"price":12}'),
    properties: {},
    applicationHeaders: {},
    fault: null,
    ...parts,
  };
}

/** A fault reply to this request. */
export function newFaultReply(requestId: string, parts: Partial<IncomingReply> = {}): IncomingReply {
  const fault = { code: 'OUT_OF_STOCK', message: 'nothing left' };
  return newReply(requestId, {
    body: Buffer.from(JSON.stringify(fault)),
    properties: { fault: true },
    fault,
    ...parts,
  });
}
