import { expect } from 'chai';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

const limit = 2_000;

describe('bad bodies over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_HTTP__MAX_BODY_BYTES: String(limit) } }));

  happens(
    'HTTP',
    'a body over http.maxBodyBytes that says its length',
    '413 with the limit and the id to post it under again, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const answer = await bench.ask(queue, {}, Buffer.alloc(limit + 1, 'x'));
      expect(faultOf(answer, 413, 'BODY_TOO_LARGE')).to.deep.equal({
        field: 'body',
        value: `${limit + 1} bytes`,
        allowed: `at most ${limit} bytes`,
      });
      // The id under which it may be posted again.
      expect(answer.headers['message-id']).to.match(/^[0-9a-f-]{36}$/u);
      const given = await bench.ask(queue, { 'message-id': 'mine' }, Buffer.alloc(limit + 1, 'x'));
      expect(given.headers['message-id']).to.equal('mine');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a body over the limit of which nothing comes',
    '413 at once, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`POST /requests/${queue}`, ['Content-Length: 50000000']));
      const answer = await connection.answer();
      expect(faultOf(answer, 413, 'BODY_TOO_LARGE')).to.deep.equal({
        field: 'body',
        value: '50000000 bytes',
        allowed: `at most ${limit} bytes`,
      });
      expect(answer.headers['connection']).to.equal('close');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a body over the limit in chunks, without an end',
    '413 as soon as it is beyond the limit, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`POST /requests/${queue}`, ['Transfer-Encoding: chunked']));
      for (let chunk = 0; chunk < 5; chunk += 1) connection.write(`1f4\r\n${'x'.repeat(500)}\r\n`);
      const answer = await connection.answer();
      expect(faultOf(answer, 413, 'BODY_TOO_LARGE')).to.deep.equal({
        field: 'body',
        allowed: `at most ${limit} bytes`,
      });
      expect(answer.headers['connection']).to.equal('close');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a body over the limit from a caller that reads nothing before it has written all',
    '413, which it finds when it reads; nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.pause();
      connection.write(rawRequest(`POST /requests/${queue}`, [], 'x'.repeat(12_000_000)));
      await until(() => connection.unsent() === 0, { what: 'all of the body to be taken' });
      connection.resume();
      faultOf(await connection.answer(), 413, 'BODY_TOO_LARGE');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  for (const [title, headers] of [
    ['of any length', ['Content-Length: 500000000']],
    ['packed beyond any sense', ['Content-Length: 500000000', 'Content-Encoding: gzip']],
  ] as const) {
    it(`a body over the limit ${title} that waits for leave to come gets 413 instead`, async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`POST /requests/${queue}`, ['Expect: 100-continue', ...headers]));
      faultOf(await connection.answer(), 413, 'BODY_TOO_LARGE');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    });
  }

  happens(
    'HTTP',
    'Expect: 100-continue with headers that are refused',
    '400 instead of leave to send the body, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const headers = ['Expect: 100-continue', 'Content-Length: 2', 'Time: tomorrow'];
      connection.write(rawRequest(`POST /requests/${queue}`, headers));
      const answer = await connection.answer();
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Time');
      expect(answer.headers['connection']).to.equal('close');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'Expect: 100-continue with good headers',
    '100, then the body is taken and sent',
    async () => {
      const queue = uniqueName('good-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const headers = ['Expect: 100-continue', 'Content-Length: 5', 'Prefer: respond-async'];
      connection.write(rawRequest(`POST /requests/${queue}`, headers));
      expect((await connection.answer()).status).to.equal(100);
      connection.write('hello');
      const answer = await connection.answer();
      expect(answer.status, answer.text()).to.equal(202);
      bench.expected(answer.headers['message-id']!);
      connection.destroy();
      await until(() => received.length === 1, { what: 'the message' });
      expect(Buffer.from(received[0]!.body).toString()).to.equal('hello');
    },
  );

  happens(
    'HTTP',
    'a packed body that unpacks beyond the limit',
    '413, nothing stored or sent; it is not unpacked further than that',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const bomb = gzipSync(Buffer.alloc(1_000_000));
      expect(bomb.byteLength).to.be.lessThan(limit);
      const answer = await bench.ask(queue, { 'content-encoding': 'gzip' }, bomb);
      faultOf(answer, 413, 'BODY_TOO_LARGE');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a packed body that unpacks beyond the limit before its end has come',
    '413 at once, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const bomb = gzipSync(Buffer.alloc(1_000_000));
      const headers = ['Content-Encoding: gzip', `Content-Length: ${bomb.byteLength}`];
      connection.write(rawRequest(`POST /requests/${queue}`, headers));
      connection.write(bomb.subarray(0, -10));
      faultOf(await connection.answer(), 413, 'BODY_TOO_LARGE');
      await connection.closed();
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a packed body that ends for who unpacks it before Content-Length says so, and then hangs up',
    '400 that says how much was to come, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const packed = deflateSync('hello');
      const headers = ['Content-Encoding: deflate', `Content-Length: ${packed.byteLength + 10}`];
      connection.write(rawRequest(`POST /requests/${queue}`, [...headers, 'Prefer: respond-async']));
      // What follows the packed data ends it for who unpacks it.
      connection.write(Buffer.concat([packed, Buffer.from('more')]));
      await bench.metric('requests_pending');
      connection.end();
      expect(faultOf(await connection.answer(), 400, 'BODY_UNREADABLE')).to.deep.equal({
        field: 'body',
        allowed: `${packed.byteLength + 10} bytes, as Content-Length says`,
      });
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  for (const [title, body] of [
    ['of exactly the limit', Buffer.alloc(limit, 'x')],
    ['without a byte', Buffer.alloc(0)],
  ] as const) {
    it(`a body ${title} is taken as it is`, async () => {
      const queue = uniqueName('good-bodies');
      const received = await bench.listen(queue);
      const answer = await bench.ask(queue, { prefer: 'respond-async' }, body);
      bench.expected(answer.headers['message-id']!);
      await until(() => received.length === 1, { what: 'the message' });
      expect(Buffer.from(received[0]!.body).equals(body)).to.equal(true);
    });
  }

  happens(
    'HTTP',
    'a body of nothing, of the limit less one, of the limit and one more, by length, in chunks and after leave to send it',
    'taken up to the limit as it is; one more gets 413, nothing stored or sent of it',
    async () => {
      for (const size of [0, 1, limit - 1, limit, limit + 1]) {
        const body = 'x'.repeat(size);
        const chunk = size === 0 ? '' : `${size.toString(16)}\r\n${body}\r\n`;
        const ways: readonly (readonly [string, string])[] = [
          [`Content-Length: ${size}`, body],
          ['Transfer-Encoding: chunked', `${chunk}0\r\n\r\n`],
          [`Expect: 100-continue\r\nContent-Length: ${size}`, body],
        ];
        for (const [header, bytes] of ways) {
          const queue = uniqueName('sizes');
          const received = await bench.listen(queue);
          const connection = await openRawHttp(bench.port);
          connection.write(rawRequest(`POST /requests/${queue}`, ['Prefer: respond-async', header]));
          const isLeaveAsked = header.startsWith('Expect') && size <= limit;
          if (isLeaveAsked) expect((await connection.answer()).status).to.equal(100);
          if (size <= limit || !header.startsWith('Expect')) connection.write(bytes);
          const answer = await connection.answer();
          connection.destroy();
          if (size > limit) {
            faultOf(answer, 413, 'BODY_TOO_LARGE');
            await bench.expectNothingHappened(queue, received);
            continue;
          }
          expect(answer.status, answer.text()).to.equal(202);
          bench.expected(answer.headers['message-id']!);
          await until(() => received.length === 1, { what: 'the message' });
          expect(received[0]!.body.byteLength).to.equal(size);
        }
      }
    },
  );

  happens(
    'HTTP',
    'a caller that hangs up in the middle of the body',
    'nothing stored or sent, the next call served',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const whole = rawRequest(`POST /requests/${queue}`, [], 'x'.repeat(1_000));
      connection.write(whole.slice(0, -500));
      // The gateway has begun to read it when it answers a call that came later.
      await bench.metric('requests_pending');
      connection.destroy();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a caller that closes its side in the middle of the body and listens, with a length or in chunks',
    '400 that says how much was to come, nothing stored or sent, the connection closed',
    async () => {
      const queue = uniqueName('bad-bodies');
      const received = await bench.listen(queue);
      const chunks = rawRequest(`POST /requests/${queue}`, ['Transfer-Encoding: chunked']);
      const whole = rawRequest(`POST /requests/${queue}`, [], 'x'.repeat(1_000));
      for (const [bytes, allowed] of [
        [whole.slice(0, -500), '1000 bytes, as Content-Length says'],
        [whole.slice(0, -1_000), '1000 bytes, as Content-Length says'],
        [`${chunks}5\r\nhel`, 'a last chunk'],
        [`${chunks}5\r\nhello\r\n`, 'a last chunk'],
      ] as const) {
        const connection = await openRawHttp(bench.port);
        connection.write(bytes);
        connection.end();
        expect(faultOf(await connection.answer(), 400, 'BODY_UNREADABLE')).to.deep.equal({
          field: 'body',
          allowed,
        });
        await connection.gone();
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  for (const [encoding, good] of [
    ['gzip', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['br', brotliCompressSync('hello')],
  ] as const) {
    for (const [title, body] of [
      [`no ${encoding} at all`, Buffer.from('{"plain":true}')],
      [`${encoding} that ends early`, good.subarray(0, good.byteLength - 3)],
    ] as const) {
      it(`${title} gets 400`, async () => {
        const queue = uniqueName('bad-bodies');
        const received = await bench.listen(queue);
        const answer = await bench.ask(queue, { 'content-encoding': encoding }, body);
        expect(faultOf(answer, 400, 'BODY_UNREADABLE')).to.deep.equal({
          field: 'body',
          allowed: 'data as Content-Encoding says',
        });
        await bench.expectNothingHappened(queue, received);
      });
    }

    it(`${encoding} is undone before the message is made`, async () => {
      const queue = uniqueName('good-bodies');
      const received = await bench.listen(queue);
      const headers = { 'content-encoding': encoding, prefer: 'respond-async' };
      const answer = await bench.ask(queue, headers, good);
      bench.expected(answer.headers['message-id']!);
      await until(() => received.length === 1, { what: 'the message' });
      expect(Buffer.from(received[0]!.body).toString()).to.equal('hello');
    });
  }
});
