import { expect } from 'chai';
import { toForwardMessage } from '#core/forward-message.js';
import type { OutboxDelivery } from '#core/ports/outbox.js';
import type { StoredReply } from '#core/request.js';
import { newReply } from '../../support/requests.js';

const now = 1_700_000_000_000;

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
