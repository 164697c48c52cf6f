import { randomUUID } from 'node:crypto';
import type { IncomingReply, NewRequest } from '#core/request.js';

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
