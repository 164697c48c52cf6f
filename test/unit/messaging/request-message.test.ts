import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { OutboxDelivery } from '#core/ports/outbox.js';
import type { StoredReply, StoredRequest } from '#core/request.js';
import { isReplyToken } from '#messaging/digest.js';
import { requestSendOptions, toForwardMessage, toRequestMessage } from '#messaging/request-message.js';
import { newReply, storedRequest } from '../../support/requests.js';

const deployment = { storeId: 'store', secret: Buffer.alloc(32, 7), replies: queue('replyto.replies') };
const now = 1_700_000_000_000;

function acceptedRequest(parts: Partial<StoredRequest> = {}): StoredRequest {
  return storedRequest({
    ...{ id: 'request', queue: 'prices', replyTo: 'answers', time: 5, createdAt: now },
    ...{ expiresAt: now + 60_000, attempts: 1, contentType: 'text/plain', body: Buffer.from('body') },
    ...{ properties: { project: 'shop' }, applicationHeaders: { 'x-a': '1' } },
    ...parts,
  });
}

function delivery(parts: Partial<OutboxDelivery> = {}): OutboxDelivery {
  const reply: StoredReply = {
    ...newReply('request'),
    ...{ requestId: 'request', number: 1, messageId: 'reply', late: false, receivedAt: now },
  };
  return {
    ...{ id: 1, requestId: 'request', queue: 'answers', attempts: 0, messageId: 'delivery' },
    ...{ reply, conversationId: 'talk', createdAt: now, requestQueue: 'prices' },
    ...parts,
  };
}

describe('a request message', () => {
  it("asks for its reply on the deployment's queue, never on the caller's", () => {
    const message = toRequestMessage(acceptedRequest(), deployment, now);
    const { replyToken, ...properties } = message.properties;
    expect(message).to.deep.include({
      ...{ messageId: 'request', correlationId: null, replyTo: deployment.replies, time: 5 },
      ...{ contentType: 'text/plain', applicationHeaders: { 'x-a': '1' } },
    });
    expect(properties).to.deep.equal({
      ...{ project: 'shop', attempt: 1, storeId: 'store' },
      ...{ expiresAt: now + 60_000, deadlineMs: 60_000 },
    });
    expect(isReplyToken(deployment.secret, 'request', replyToken ?? '')).to.equal(true);
  });

  it('says how often it was sent again, and what time is left', () => {
    const request = acceptedRequest({ resend: 2, attempts: 3 });
    const { properties } = toRequestMessage(request, deployment, now + 59_000);
    expect(properties).to.include({ resend: 2, attempt: 1, deadlineMs: 1_000 });
    expect(toRequestMessage(request, deployment, now + 70_000).properties.deadlineMs).to.equal(0);
  });

  it('has no deadline when the request has none', () => {
    const { properties } = toRequestMessage(acceptedRequest({ expiresAt: null }), deployment, now);
    expect(properties).to.not.have.any.keys('deadlineMs', 'expiresAt');
  });

  it('has no reply address, no store and no token when it is one-way', () => {
    const message = toRequestMessage(acceptedRequest({ oneWay: true }), deployment, now);
    expect(message.replyTo).to.equal(null);
    expect(message.properties).to.not.have.any.keys('storeId', 'replyToken');
  });

  it('expires at the broker only when the route asks for that and there is a deadline', () => {
    expect(requestSendOptions(acceptedRequest())).to.deep.equal({});
    expect(requestSendOptions(acceptedRequest({ brokerExpiry: true }))).to.deep.equal({
      brokerExpiresAt: now + 60_000,
    });
    expect(requestSendOptions(acceptedRequest({ brokerExpiry: true, expiresAt: null }))).to.deep.equal({});
  });
});

describe('a forwarded reply', () => {
  it('is correlated with its request and carries what the caller may know', () => {
    const given = delivery();
    const properties = {
      ...{ fault: true, requestDigest: 'd', schema: 's@1', traceparent: 't', tracestate: 'ts', baggage: 'b' },
      ...{ project: 'shop', priority: 3, form: 'text' as const },
    };
    // What concerns the way between service and gateway stays here.
    const internal = { storeId: 'store', otherCorrelationId: 'x', replyToken: 'secret', attempt: 2 };
    const reply = { ...given.reply!, properties: { ...properties, ...internal } };
    const message = toForwardMessage({ ...given, reply }, now);
    expect(message).to.deep.include({ messageId: 'delivery', correlationId: 'request', replyTo: null });
    expect(message).to.deep.include({ time: reply.time, body: reply.body, contentType: reply.contentType });
    expect(message.properties).to.deep.equal({ ...properties, conversationId: 'talk' });
  });

  it('has no conversation id when the caller gave none', () => {
    expect(toForwardMessage(delivery({ conversationId: null }), now).properties).to.deep.equal({});
  });

  it('is a Fault when the request expired', () => {
    const message = toForwardMessage(delivery({ reply: null }), now);
    expect(message).to.deep.include({
      ...{ messageId: 'delivery', correlationId: 'request', replyTo: null, time: now },
      ...{ contentType: 'application/json', properties: { fault: true, conversationId: 'talk' } },
    });
    expect(JSON.parse(Buffer.from(message.body).toString())).to.deep.equal({
      ...{ code: 'REQUEST_EXPIRED', message: 'the request expired before a reply came', retryable: false },
    });
  });
});
