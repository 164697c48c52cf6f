import { expect } from 'chai';
import fc from 'fast-check';
import { attemptOf, isMessageId, messageIdProblem, nextAttempt } from '#core/message.js';
import { queue } from '#core/destination.js';
import { returnAddressOf } from '#core/return-address.js';
import { isFinal, requestStates } from '#core/request.js';
import { Fault, isFault } from '#core/fault.js';
import { newMessage } from '../../support/messages.js';

describe('a message id', () => {
  it('is 1 to 255 visible characters of ASCII', () => {
    for (const id of [
      '1',
      '6193b2a4',
      'ID:host-1:2',
      'a'.repeat(255),
      '...',
      '!"$&\'()*+,-.:;<=>@[]^_`{|}~',
    ]) {
      expect(isMessageId(id), id).to.equal(true);
      expect(messageIdProblem('Message-ID', id)).to.equal(undefined);
    }
  });

  it('is refused when it could not stand in a path, or is too long or empty', () => {
    for (const id of [
      '',
      '.',
      '..',
      'a/b',
      'a\\b',
      'a%b',
      'a?b',
      'a#b',
      'a b',
      'ä',
      'a\n',
      'a'.repeat(256),
    ]) {
      expect(isMessageId(id), id).to.equal(false);
      expect(messageIdProblem('Message-ID', id)?.field).to.equal('Message-ID');
    }
  });

  it('comes back from a URL as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (id) => {
        if (!isMessageId(id)) return;
        const url = new URL(`http://gateway/requests/${id}`);
        expect(decodeURIComponent(url.pathname)).to.equal(`/requests/${id}`);
        expect([url.search, url.hash]).to.deep.equal(['', '']);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the attempt of a message', () => {
  const cap = 1_000_000_000;

  for (const [said, attempt, next] of [
    [undefined, 1, 2],
    [1, 1, 2],
    [41, 41, 42],
    [0, 1, 2],
    [-5, 1, 2],
    [cap - 1, cap - 1, cap],
    [cap, cap, cap],
    [999_999_999_999_999, cap, cap],
  ] as const) {
    it(`is ${attempt} where ${said ?? 'nothing'} is said, and then ${next}`, () => {
      const message = newMessage({ properties: said === undefined ? {} : { attempt: said } });
      expect(attemptOf(message)).to.equal(attempt);
      expect(attemptOf(nextAttempt(message, 0))).to.equal(next);
    });
  }
});

describe('a return address', () => {
  const properties = {
    ...{ conversationId: 'c', project: 'p', storeId: 's', traceparent: 'tp', tracestate: 'ts', baggage: 'b' },
  };

  it('is where a request wants its answer, under which id, and what the answer carries over', () => {
    const request = newMessage({
      ...{ messageId: 'order', replyTo: queue('r') },
      properties: { ...properties, attempt: 2, deadlineMs: 5, replyToken: 't', schema: 'x', priority: 4 },
    });
    expect(returnAddressOf(request)).to.deep.equal({
      replyTo: queue('r'),
      correlationId: 'order',
      properties,
    });
  });

  it('names the digest of the body as the service saw it, when the request has one', () => {
    const request = newMessage({ replyTo: queue('r'), properties: { contentDigest: 'sent' } });
    expect(returnAddressOf(request, 'seen')?.properties).to.deep.equal({ requestDigest: 'seen' });
    expect(returnAddressOf(request)?.properties).to.deep.equal({});
    expect(returnAddressOf(newMessage({ replyTo: queue('r') }), 'seen')?.properties).to.deep.equal({});
  });

  it('prefers the correlation id that the requestor chose', () => {
    const request = newMessage({ replyTo: queue('r'), correlationId: 'chosen' });
    expect(returnAddressOf(request)?.correlationId).to.equal('chosen');
  });

  it('is plain data: it comes back from JSON as it was', () => {
    const address = returnAddressOf(
      newMessage({ replyTo: { kind: 'opaque', name: '/temp-queue/x' }, properties }),
    );
    expect(JSON.parse(JSON.stringify(address))).to.deep.equal(address);
  });

  it('is none when nobody waits for an answer', () => {
    expect(returnAddressOf(newMessage())).to.equal(null);
  });
});

describe('the states of a request', () => {
  it('are final but for the first two', () => {
    expect(requestStates.filter((state) => !isFinal(state))).to.deep.equal(['accepted', 'sent']);
  });
});

describe('a Fault', () => {
  it('has a code and a message, and is not retryable unless it says so', () => {
    expect(new Fault('NO', 'never').toJSON()).to.deep.equal({
      code: 'NO',
      message: 'never',
      retryable: false,
    });
    const full = { retryable: true, status: 409, details: { sku: 7 } };
    expect(new Fault('NO', 'never', full).toJSON()).to.deep.equal({ code: 'NO', message: 'never', ...full });
    expect(JSON.parse(JSON.stringify(new Fault('NO', 'never', full)))).to.include({ status: 409 });
  });

  it('is told by its name, also when it comes from another copy of the package', () => {
    expect(isFault(new Fault('NO', 'never'))).to.equal(true);
    expect(isFault(Object.assign(new Error('twin'), { name: 'Fault', code: 'NO' }))).to.equal(true);
    for (const other of [new Error('x'), { name: 'Fault', code: 'NO' }, undefined]) {
      expect(isFault(other)).to.equal(false);
    }
  });
});
