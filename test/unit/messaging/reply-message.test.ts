import { expect } from 'chai';
import type { Message } from '#core/message.js';
import type { Delivery } from '#core/ports/message-source.js';
import { fingerprint } from '#messaging/digest.js';
import { readReply } from '#messaging/reply-message.js';
import { newMessage } from '../../support/messages.js';

const options = { storeId: 'store', maxBodyBytes: 1_000 };

function deliveryOf(message: Message, brokerId: Delivery['brokerId'] = null): Delivery {
  return {
    message,
    headers: {},
    brokerId,
    redelivered: false,
    destination: { kind: 'queue', name: 'replyto.replies' },
    acknowledge: () => true,
  };
}

function replyOf(parts: Partial<Message>, brokerId?: Delivery['brokerId']): ReturnType<typeof readReply> {
  return readReply(deliveryOf(newMessage({ correlationId: 'request', ...parts }), brokerId), options);
}

describe('reading a reply', () => {
  it('takes over what the reply carries', () => {
    const message = newMessage({
      correlationId: 'request',
      contentType: 'text/plain',
      properties: { requestDigest: 'd', storeId: 'store' },
      applicationHeaders: { 'x-a': '1' },
    });
    const { messageId, time, contentType, body, properties, applicationHeaders } = message;
    expect(readReply(deliveryOf(message), options)).to.deep.equal({
      reply: {
        ...{ messageId, time, contentType, body, properties, applicationHeaders },
        ...{ correlationIds: ['request'], replyId: messageId, fault: null },
      },
    });
  });

  it('names both requests that a reply may mean, the first one first', () => {
    const read = replyOf({ properties: { otherCorrelationId: 'other' } });
    expect(read).to.have.nested.property('reply.correlationIds').that.deep.equals(['request', 'other']);
    const single = replyOf({ correlationId: null, properties: { otherCorrelationId: 'other' } });
    expect(single).to.have.nested.property('reply.correlationIds').that.deep.equals(['other']);
  });
});

describe('the reply id', () => {
  const idsOf = (parts: Partial<Message>, brokerId?: Delivery['brokerId']): [string, string | null] => {
    const read = replyOf(parts, brokerId);
    return 'reply' in read ? [read.reply.replyId, read.reply.messageId] : expect.fail(read.invalid);
  };

  it("is the reply's own Message-ID", () => {
    expect(idsOf({ messageId: 'own' })).to.deep.equal(['own', 'own']);
    expect(idsOf({ messageId: 'own' }, { value: 'ID:1', stable: true })).to.deep.equal(['own', 'own']);
  });

  it("is the broker's id where that is stable and the service returned the request's Message-ID", () => {
    expect(idsOf({ messageId: 'request' }, { value: 'ID:1', stable: true })).to.deep.equal(['ID:1', null]);
    const other = { messageId: 'other', properties: { otherCorrelationId: 'other' } };
    expect(idsOf(other, { value: 'ID:1', stable: true })).to.deep.equal(['ID:1', null]);
  });

  it("is the broker's id where that is stable and the service gave no Message-ID", () => {
    expect(idsOf({ messageId: 'ID:1' }, { value: 'ID:1', stable: true })).to.deep.equal(['ID:1', null]);
  });

  it("is a digest of correlation id, content type and body where the broker's id changes", () => {
    const body = Buffer.from('body');
    const digest = fingerprint(['request', 'text/plain', body]);
    const parts = { messageId: 'request', contentType: 'text/plain', body };
    for (const brokerId of [null, { value: 'ID:1', stable: false }, { value: 'ID:2', stable: false }]) {
      expect(idsOf(parts, brokerId)).to.deep.equal([digest, null]);
    }
    const others = [
      { ...parts, contentType: null },
      { ...parts, body: Buffer.from('Body') },
    ];
    for (const other of others) expect(idsOf(other)[0]).to.not.equal(digest);
  });
});

describe('an invalid reply', () => {
  const reasonOf = (parts: Partial<Message>): string => {
    const read = replyOf(parts);
    return 'invalid' in read ? read.invalid : expect.fail('the reply was taken');
  };

  it('has no correlation id', () => {
    expect(reasonOf({ correlationId: null })).to.equal('it has no correlation id');
  });

  it('names another store', () => {
    expect(reasonOf({ properties: { storeId: 'another' } })).to.contain(
      'another deployment uses this prefix',
    );
    expect(replyOf({ properties: { storeId: 'store' } })).to.have.property('reply');
  });

  it('has a body over the limit, by one byte already', () => {
    expect(reasonOf({ body: Buffer.alloc(1_001) })).to.equal(
      'its body has 1001 bytes; at most 1000 are taken',
    );
    expect(replyOf({ body: Buffer.alloc(1_000) })).to.have.property('reply');
  });

  for (const [what, body] of [
    ['no JSON', 'oh no'],
    ['no object', '[]'],
    ['nothing', ''],
    ['an object without a code', '{"message":"m"}'],
    ['an object with a status that is no error', '{"code":"C","message":"m","status":200}'],
  ] as const) {
    it(`is a fault whose body is ${what}`, () => {
      expect(reasonOf({ properties: { fault: true }, body: Buffer.from(body) })).to.match(
        /^its fault cannot be read: /u,
      );
    });
  }

  it('is none when its fault can be read', () => {
    const fault = { code: 'NO', message: 'never', retryable: true, status: 503, details: { a: 1 } };
    const read = replyOf({ properties: { fault: true }, body: Buffer.from(JSON.stringify(fault)) });
    expect(read).to.have.nested.property('reply.fault').that.deep.equals(fault);
  });
});
