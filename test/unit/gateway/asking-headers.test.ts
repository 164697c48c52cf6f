import { expect } from 'chai';
import fc from 'fast-check';
import type { ReplytoError } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import { isMessageId } from '#core/message.js';
import type { AskingHeaders } from '#gateway/asking-headers.js';
import { readAskingHeaders } from '#gateway/asking-headers.js';
import { wireBytes } from '#core/header-text.js';
import { fromHttpHeader, toHttpHeader } from '#gateway/header-encoding.js';
import { thrownBy } from '../../support/errors.js';

const rules = {
  forwardHeaders: ['accept-language'],
  checkReplyTo: () => undefined,
};

function read(headers: Record<string, string | string[]>): AskingHeaders {
  return readAskingHeaders(headers, rules);
}

function refusal(headers: Record<string, string>): ReplytoError {
  return thrownBy(() => read(headers));
}

/** A header value as Node hands it over: one character for each byte. */
const rawValue = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('none', 'NONE', 'a,b', 'https://x', 'wait=1', '0', '"x"', '..', '%00', ':'.repeat(5_000)),
);
const anyHeaders = fc.dictionary(
  fc.constantFrom(
    ...'message-id idempotency-key time reply-to correl-id project prefer request-timeout message-priority'.split(
      ' ',
    ),
    ...'traceparent tracestate baggage content-type x-a x-b x-forwarded-for accept-language set-cookie'.split(
      ' ',
    ),
  ),
  fc.oneof({ weight: 9, arbitrary: rawValue }, { weight: 1, arbitrary: fc.array(rawValue) }),
);

describe('the headers of a call that asks', () => {
  it('are read or refused with INVALID_REQUEST and a problem for each, whatever they are', () => {
    fc.assert(
      fc.property(anyHeaders, (headers) => {
        try {
          const { messageId, time, applicationHeaders, replyTo } = read(headers);
          expect(messageId === undefined || isMessageId(messageId)).to.equal(true);
          expect(time === undefined || Number.isSafeInteger(time)).to.equal(true);
          expect(replyTo).not.to.equal('none');
          for (const [name, value] of Object.entries(applicationHeaders)) {
            expect(headerProblem(name, value)).to.equal(undefined);
            expect(name).to.match(/^(?:x-[ab]|accept-language)$/u);
            expect(wireBytes(value)).to.be.at.most(8_192);
          }
        } catch (error) {
          if (!isReplytoError(error)) throw error;
          expect(error.code).to.equal('INVALID_REQUEST');
          expect(error.problems).not.to.have.lengthOf(0);
          for (const { field, allowed } of error.problems) {
            expect(field).to.match(/\S/u);
            expect(allowed).to.match(/\S/u);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('take any message id that core takes, in either header', () => {
    const character = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1, maxLength: 255 }), (id) => {
        if (!isMessageId(id)) {
          expect(refusal({ 'message-id': id }).problems[0]!.field).to.equal('Message-ID');
          return;
        }
        expect(read({ 'message-id': id }).messageId).to.equal(id);
        if (id.includes('"')) return;
        expect(read({ 'idempotency-key': `"${id}"` }).messageId).to.equal(id);
        expect(read({ 'idempotency-key': id, 'message-id': id }).messageId).to.equal(id);
      }),
    );
  });

  it('refuse an Idempotency-Key whose quotes do not fit', () => {
    for (const key of ['"', '"a', 'a"', 'a"b', '"a"b"', '""a']) {
      const [problem] = refusal({ 'idempotency-key': key }).problems;
      expect(problem).to.deep.equal({
        field: 'Idempotency-Key',
        value: key,
        allowed: 'one string in double quotes',
      });
    }
    expect(refusal({ 'idempotency-key': '""' }).problems[0]!.field).to.equal('Idempotency-Key');
  });

  it('mean one-way by none in any spelling, and no check of a queue then', () => {
    const asked: string[] = [];
    const withCheck = { ...rules, checkReplyTo: (name: string) => void asked.push(name) };
    for (const none of ['none', 'None', 'NONE']) {
      expect(readAskingHeaders({ 'reply-to': none }, withCheck)).to.include({ oneWay: true, replyTo: null });
    }
    const named = readAskingHeaders({ 'reply-to': 'Reply Queue' }, withCheck);
    expect(named).to.include({ oneWay: false, replyTo: 'Reply Queue' });
    expect(readAskingHeaders({}, withCheck)).to.include({ oneWay: false, replyTo: null });
    expect(asked).to.deep.equal(['Reply Queue']);
  });

  it('that travel are those that begin with X- and those of the route, without those of proxies', () => {
    const { applicationHeaders } = read({
      'x-a': '1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-anything': '1',
      'x-real-ip': '10.0.0.1',
      'x-accel-redirect': '/etc',
      'x-sendfile': '/etc',
      'x-lighttpd-send-file': '/etc',
      'x-litespeed-location': '/etc',
      'x-reproxy-url': 'http://inside',
      'accept-language': 'de',
      accept: '*/*',
      cookie: 'secret',
      authorization: 'secret',
      'set-cookie': ['a'],
    });
    expect(applicationHeaders).to.deep.equal({ 'x-a': '1', 'accept-language': 'de' });
  });

  it('keep shown values short', () => {
    const [problem] = refusal({ time: 'x'.repeat(5_000) }).problems;
    expect(problem!.value).to.have.lengthOf(201);
  });

  it('are bounded one by one and together, as they stand in a frame', () => {
    expect(read({ 'x-a': ':'.repeat(4_096) }).applicationHeaders['x-a']).to.have.lengthOf(4_096);
    expect(refusal({ 'x-a': ':'.repeat(4_097) }).problems[0]!.allowed).to.include('a colon takes two');
    expect(refusal({ 'correl-id': ':'.repeat(4_097) }).problems[0]!.field).to.equal('Correl-ID');
    const hundred = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, '']));
    expect(Object.keys(read(hundred).applicationHeaders)).to.have.lengthOf(100);
    expect(refusal({ ...hundred, 'x-more': '' }).problems[0]!.value).to.equal('101');
    expect(read({ [`x-${'a'.repeat(1_022)}`]: 'x' }).applicationHeaders).to.have.all.keys([
      `x-${'a'.repeat(1_022)}`,
    ]);
    expect(refusal({ [`x-${'a'.repeat(1_023)}`]: 'x' }).problems).to.deep.equal([
      { field: `header x-${'a'.repeat(98)}`, value: '1025 bytes', allowed: 'a name of at most 1024 bytes' },
    ]);
  });

  it('are counted together, whatever they are called: one problem with the sum and the limit', () => {
    const names = [
      ...'correl-id tracestate baggage content-type traceparent'.split(' '),
      'x-a',
      'x-b',
      'x-c',
    ];
    const full = Object.fromEntries(names.map((name) => [name, `a${':'.repeat(3_880)}`]));
    const count = 8 * 7_761 + names.join('').length;
    expect(refusal(full).problems).to.deep.equal([
      {
        field: 'headers',
        value: `${count} bytes`,
        allowed:
          'at most 45056 bytes altogether of those that travel with the message, names included, of which a colon takes two',
      },
    ]);
    const five = Object.fromEntries(Object.entries(full).filter(([name]) => !name.startsWith('x-')));
    const { properties, contentType } = read(five);
    expect(properties).to.have.all.keys('conversationId', 'tracestate', 'baggage', 'traceparent');
    expect(contentType).to.equal(five['content-type']);
  });
});

describe('the encoding of headers', () => {
  it('brings any text through HTTP and back', () => {
    const text = fc.string({ unit: 'binary' }).filter((given) => given.isWellFormed());
    fc.assert(
      fc.property(text, (given) => {
        const onHttp = toHttpHeader(given);
        // One character for each byte, as Node asks for.
        expect(onHttp).to.match(/^[\u0000-\u00ff]*$/u);
        expect(fromHttpHeader(onHttp)).to.equal(given);
      }),
    );
  });

  it('keeps what is no UTF-8 as the latin-1 that it is', () => {
    const bytes = fc.uint8Array().map((given) => Buffer.from(given).toString('latin1'));
    fc.assert(
      fc.property(bytes, (given) => {
        const decoded = fromHttpHeader(given);
        expect(decoded === given || toHttpHeader(decoded) === given).to.equal(true);
      }),
    );
    expect(fromHttpHeader('gr\u00fc\u00dfe')).to.equal('grüße');
  });

  it('counts the bytes of a frame', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((given) => given.isWellFormed()),
        (given) => {
          const escaped = given.replaceAll('\\', '\\\\').replaceAll(':', '\\c');
          expect(wireBytes(given)).to.equal(Buffer.byteLength(escaped));
        },
      ),
    );
  });
});
