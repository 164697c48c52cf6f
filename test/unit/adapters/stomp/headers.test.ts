import { expect } from 'chai';
import fc from 'fast-check';
import type { Dialect } from '#adapters/stomp/dialects/dialect.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { embeddedDialect } from '#adapters/stomp/dialects/embedded.js';
import { toHeaders, toMessage } from '#adapters/stomp/headers.js';
import { queue, topic } from '#core/destination.js';
import { headerProblem } from '#core/header-text.js';
import type { Message } from '#core/message.js';
import { isMessageId } from '#core/message.js';
import { thrownBy } from '../../../support/errors.js';
import { newMessage } from '../../../support/messages.js';
import { anyMessage } from './arbitrary-message.js';

const dialects: readonly Dialect[] = [classicDialect, embeddedDialect];
const body = Buffer.from('body');

const read = (headers: Record<string, string>, dialect: Dialect = classicDialect): Message =>
  toMessage({ headers, body, receivedAt: 99 }, dialect);

describe('headers of a message that is sent', () => {
  const request = newMessage({
    messageId: 'request',
    replyTo: queue('replyto.replies'),
    time: 5,
    contentType: 'text/plain',
  });

  it('name a request by its id twice, so that a JMS service that copies JMSCorrelationID answers it', () => {
    expect(toHeaders(request, classicDialect)).to.deep.equal({
      'Message-ID': 'request',
      Time: '5',
      timestamp: '5',
      'reply-to': '/queue/replyto.replies',
      'correlation-id': 'request',
      'content-type': 'text/plain',
    });
  });

  it('name the request of a reply under both names', () => {
    const reply = newMessage({ messageId: 'reply', correlationId: 'request', time: 5, contentType: null });
    expect(toHeaders(reply, embeddedDialect)).to.deep.equal({
      'Message-ID': 'reply',
      Time: '5',
      'correlation-id': 'request',
      'Correl-ID': 'request',
    });
  });

  it('correlate a one-way message with nothing', () => {
    const headers = toHeaders(newMessage(), classicDialect);
    expect(headers).to.not.have.any.keys('correlation-id', 'Correl-ID', 'reply-to');
  });

  it('carry the timestamp only where the broker counts milliseconds', () => {
    expect(toHeaders(request, embeddedDialect)).to.not.have.property('timestamp');
  });

  it('carry every property under its name', () => {
    const message = newMessage({
      properties: {
        ...{ conversationId: 'c', project: 'p', deadlineMs: 1, expiresAt: 2, attempt: 3, resend: 4 },
        ...{ fault: true, schema: 's@1', storeId: 'st', replyToken: 't', contentDigest: 'cd' },
        ...{ requestDigest: 'rd', priority: 5, traceparent: 'tp', tracestate: 'ts', baggage: 'b' },
      },
      applicationHeaders: { 'x-tenant': 'acme' },
    });
    expect(toHeaders(message, embeddedDialect)).to.deep.include({
      ...{ 'Conversation-ID': 'c', Project: 'p', 'Deadline-Ms': '1', 'Expires-At': '2', Attempt: '3' },
      ...{ Resend: '4', Fault: 'true', Schema: 's@1', 'Store-ID': 'st', 'Reply-Token': 't' },
      ...{ 'Content-Digest': 'cd', 'Request-Digest': 'rd', priority: '5', traceparent: 'tp' },
      ...{ tracestate: 'ts', baggage: 'b', 'x-tenant': 'acme' },
    });
  });

  it('say nothing of what only receivers know', () => {
    const properties = { form: 'text', otherCorrelationId: 'o', fault: false } as const;
    const headers = toHeaders(newMessage({ properties, contentType: null }), embeddedDialect);
    expect(Object.keys(headers)).to.deep.equal(['Message-ID', 'Time']);
  });

  it('never have a header that belongs to the frame or to the broker', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom(...dialects), (message, dialect) => {
        const names = Object.keys(toHeaders(message, dialect));
        const frameHeaders = [
          'content-length',
          'receipt',
          'message-id',
          'destination',
          'transaction',
          'id',
          'ack',
        ];
        expect(names).to.not.include.members(frameHeaders);
        expect(names.filter((name) => frameHeaders.includes(name))).to.deep.equal([]);
      }),
    );
  });

  it('are refused when a value would not arrive as it was: all of them at once', () => {
    const message = newMessage({
      properties: { project: 'two\nlines', schema: String.raw`a\nb` },
      applicationHeaders: { 'x-space': ' outer' },
    });
    const error = thrownBy(() => toHeaders(message, classicDialect));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    expect(error.problems.map(({ field }) => field)).to.deep.equal([
      'header Project',
      'header Schema',
      'header x-space',
    ]);
  });
});

describe('headers of a message that are too much for a broker', () => {
  /** Bytes of the block as it is written: name, colon, value and line end of each. */
  const blockBytes = (headers: Record<string, string>): number =>
    Object.entries(headers).reduce(
      (sum, [name, value]) => sum + Buffer.byteLength(`${name}:${value.replaceAll(':', '\\c')}\n`),
      0,
    );
  const withHeaders = (applicationHeaders: Record<string, string>): Message =>
    newMessage({ messageId: 'm', contentType: null, applicationHeaders });
  const own = toHeaders(withHeaders({}), embeddedDialect);

  /** Application headers that make the block exactly so large. */
  function filling(bytes: number): Record<string, string> {
    const headers: Record<string, string> = {};
    let left = bytes - blockBytes(own);
    for (let number = 0; left > 0; number += 1) {
      const name = `x-${number}`;
      const line = Math.min(left, 8_000);
      // The last two share what is left, so that neither is too short to be a header.
      const length = left - line > 0 && left - line < 10 ? line - 10 : line;
      headers[name] = 'v'.repeat(length - name.length - 2);
      left -= length;
    }
    return headers;
  }

  it('are refused beyond 48 KiB, with their size and the limit', () => {
    const most = filling(48 * 1024);
    expect(blockBytes(toHeaders(withHeaders(most), embeddedDialect))).to.equal(48 * 1024);
    for (const dialect of dialects) {
      const error = thrownBy(() => toHeaders(withHeaders(filling(48 * 1024 + 30)), dialect));
      expect(error.code).to.equal('INVALID_ARGUMENT');
      expect(error.message).to.match(/^headers '49\d{3} bytes': at most 49152 bytes in one message/u);
    }
    const error = thrownBy(() => toHeaders(withHeaders(filling(48 * 1024 + 1)), embeddedDialect));
    expect(error.problems).to.have.length(1);
    expect(error.problems[0]).to.include({ field: 'headers', value: '49153 bytes' });
  });

  it('count as they are written: letters beyond ASCII in their bytes, a colon as two', () => {
    const letters = Object.fromEntries(
      Array.from({ length: 9 }, (_, number) => [`x-${number}`, '你'.repeat(2_000)]),
    );
    expect(thrownBy(() => toHeaders(withHeaders(letters), embeddedDialect)).code).to.equal(
      'INVALID_ARGUMENT',
    );
    const colons = Object.fromEntries(
      Array.from({ length: 7 }, (_, number) => [`x-${number}`, ':'.repeat(4_000)]),
    );
    expect(thrownBy(() => toHeaders(withHeaders(colons), embeddedDialect)).code).to.equal('INVALID_ARGUMENT');
  });

  it('are refused when they are more than 190, whatever their size', () => {
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, number) => [`x-${number}`, '']));
    const room = 190 - Object.keys(own).length;
    expect(Object.keys(toHeaders(withHeaders(many(room)), embeddedDialect))).to.have.length(190);
    const error = thrownBy(() => toHeaders(withHeaders(many(room + 1)), embeddedDialect));
    expect(error).to.include({
      code: 'INVALID_ARGUMENT',
      message: "headers '191': at most 190 in one message",
    });
  });

  it('are refused when a line is longer than 10 KiB, with the name of its header', () => {
    const ofLine = (bytes: number): Record<string, string> => {
      const name = `x-${'n'.repeat(2_998)}`;
      return { [name]: 'v'.repeat(bytes - name.length - 2) };
    };
    toHeaders(withHeaders(ofLine(10_240)), classicDialect);
    const error = thrownBy(() => toHeaders(withHeaders(ofLine(10_241)), classicDialect));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    expect(error.message).to.match(/^header x-n{98} '10241 bytes': at most 10240 bytes/u);
  });

  it('are refused in the same way when only the properties are large', () => {
    const long = 'p'.repeat(8_192);
    const properties = {
      ...{ conversationId: long, traceparent: long, tracestate: long, baggage: long, project: long },
      ...{ schema: long },
    };
    const error = thrownBy(() => toHeaders(newMessage({ properties }), classicDialect));
    expect(error.problems.map(({ field }) => field)).to.deep.equal(['headers']);
  });
});

describe('headers of a message that is received', () => {
  it('name the message by Message-ID, else by the id of the broker', () => {
    expect(read({ 'Message-ID': 'own', 'message-id': 'ID:1' }).messageId).to.equal('own');
    expect(read({ 'message-id': 'ID:1' }).messageId).to.equal('ID:1');
    expect(read({ 'Message-ID': 'not an id', 'message-id': 'ID:1' }).messageId).to.equal('ID:1');
  });

  it('correlate by correlation-id, then by Correl-ID', () => {
    expect(read({ 'correlation-id': 'a' }).correlationId).to.equal('a');
    expect(read({ 'Correl-ID': 'b' }).correlationId).to.equal('b');
    expect(read({ 'correlation-id': '', 'Correl-ID': 'b' }).correlationId).to.equal('b');
    const both = read({ 'correlation-id': 'a', 'Correl-ID': 'b' });
    expect([both.correlationId, both.properties.otherCorrelationId]).to.deep.equal(['a', 'b']);
    const same = read({ 'correlation-id': 'a', 'Correl-ID': 'a' });
    expect([same.correlationId, same.properties.otherCorrelationId]).to.deep.equal(['a', undefined]);
  });

  it('correlate a request with nothing when they repeat its own id', () => {
    const own = { 'Message-ID': 'm', 'correlation-id': 'm' };
    expect(read({ ...own, 'reply-to': '/queue/r' }).correlationId).to.equal(null);
    // Without a reply address it is a reply whose service returned all properties of the request.
    expect(read(own).correlationId).to.equal('m');
    expect(read({ ...own, 'correlation-id': 'o', 'reply-to': '/queue/r' }).correlationId).to.equal('o');
  });

  it('say when it was sent, as far as anybody does', () => {
    expect(read({ Time: '1', timestamp: '2' }).time).to.equal(1);
    expect(read({ timestamp: '2' }).time).to.equal(2);
    expect(read({ Time: 'noon', timestamp: '' }).time).to.equal(99);
    expect(read({}).time).to.equal(99);
  });

  for (const [address, destination] of [
    ['/queue/answers', queue('answers')],
    ['queue://answers', queue('answers')],
    ['answers', queue('answers')],
    ['/queue/a/b', queue('a/b')],
    ['/topic/news', topic('news')],
    ['topic://news', topic('news')],
    ['/remote-temp-queue/ID:x', { kind: 'opaque', name: '/remote-temp-queue/ID:x' }],
    ['temp-queue://ID:x', { kind: 'opaque', name: 'temp-queue://ID:x' }],
  ] as const) {
    it(`give ${address} as the ${destination.kind} ${destination.name} to answer to`, () => {
      expect(read({ 'reply-to': address }).replyTo).to.deep.equal(destination);
    });
  }

  it('answer to nobody without an address', () => {
    expect(read({ 'reply-to': '' }).replyTo).to.equal(null);
    expect(read({}).replyTo).to.equal(null);
  });

  it('count as absent when they make no sense', () => {
    const { properties } = read(
      {
        ...{
          'Deadline-Ms': 'soon',
          'Expires-At': '1.5',
          Attempt: '',
          Resend: '0x1',
          priority: '9'.repeat(20),
        },
        ...{ Fault: 'yes', Project: '', Schema: '' },
      },
      embeddedDialect,
    );
    expect(properties).to.deep.equal({});
  });

  it('give a fault however its true is written', () => {
    for (const value of ['true', 'TRUE', 'True'])
      expect(read({ Fault: value }).properties.fault).to.equal(true);
  });

  it('give X- headers in lower case, and no others', () => {
    const headers = {
      'X-Tenant': 'acme',
      'x-n': '1',
      Xylophone: 'no',
      'breadcrumb-id': 'no',
      'x-bad': 'a\\b',
    };
    expect(read(headers).applicationHeaders).to.deep.equal({ 'x-tenant': 'acme', 'x-n': '1' });
  });

  it("give the headers that a route forwards, and so does every retry; never one that is the broker's", () => {
    const applicationHeaders = { 'x-a': '1', 'accept-language': 'de', receipt: 'r' };
    const headers = toHeaders(newMessage({ applicationHeaders }), classicDialect);
    expect(headers).to.include({ 'x-a': '1', 'accept-language': 'de' }).and.not.have.property('receipt');
    const stranger = {
      ...headers,
      'Forward-Headers': 'accept-language,receipt,persistent',
      receipt: 'r',
      persistent: 'true',
    };
    const message = toMessage({ headers: stranger, body: new Uint8Array(), receivedAt: 0 }, classicDialect);
    expect(message.applicationHeaders).to.deep.equal({ 'x-a': '1', 'accept-language': 'de' });
  });

  it('say whether the body is text where the broker tells', () => {
    expect(read({}).properties.form).to.equal('text');
    expect(read({ 'content-length': '4' }).properties.form).to.equal('bytes');
    expect(read({}, embeddedDialect).properties).to.not.have.property('form');
  });
});

describe('a message on its way through headers', () => {
  it('arrives as it was sent, on every broker', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom(...dialects), (message, dialect) => {
        const received = toMessage(
          { headers: { ...toHeaders(message, dialect), 'message-id': 'ID:1' }, body, receivedAt: 0 },
          dialect,
        );
        const form = dialect.lengthTellsForm ? { form: 'text' as const } : {};
        expect(received).to.deep.equal({ ...message, body, properties: { ...message.properties, ...form } });
      }),
      { numRuns: 500 },
    );
  });

  it('is read whatever strangers write, and can be sent again', () => {
    const name = fc.constantFrom(
      ...['Message-ID', 'message-id', 'correlation-id', 'Correl-ID', 'reply-to', 'Time', 'timestamp'],
      ...['content-type', 'Fault', 'Project', 'Conversation-ID', 'Schema', 'Store-ID', 'traceparent'],
      ...['Deadline-Ms', 'priority', 'Content-Digest', 'x-a', 'X-B', 'receipt', 'destination', '__proto__'],
    );
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', String.raw`C:\temp`, '1'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.constantFrom(...dialects), (headers, dialect) => {
        const message = toMessage({ headers, body, receivedAt: 1 }, dialect);
        // A dead letter, a retry or a reply must be able to carry what was read.
        const again = toHeaders({ ...message, messageId: 'again' }, dialect);
        for (const [header, text] of Object.entries(again))
          expect(headerProblem(header, text)).to.equal(undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('has an id that may stand in a URL, whatever strangers write', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (own, brokers) => {
        const { messageId } = read({ 'Message-ID': own, 'message-id': brokers });
        expect(isMessageId(messageId) || messageId === brokers).to.equal(true);
      }),
    );
  });
});
