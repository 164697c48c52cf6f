import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const limit = 2_000;

describe('bad bodies over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_HTTP__MAX_BODY_BYTES: String(limit) } }));

  it('a body over the limit that says its length gets 413 with the limit', async () => {
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
  });

  it('a body over the limit gets 413 before any of it has come, and its connection is closed', async () => {
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
  });

  it('a body over the limit in chunks gets 413 as soon as it is beyond it, without its end', async () => {
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
  });

  it('a caller that reads nothing before all of its large body is written gets its 413 too', async () => {
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
  });

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

  it('a body that waits for leave is not let come when its headers are refused', async () => {
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
  });

  it('a body that waits for leave gets it, and is taken', async () => {
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
  });

  it('a small body that unpacks beyond the limit gets 413', async () => {
    const queue = uniqueName('bad-bodies');
    const received = await bench.listen(queue);
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    expect(bomb.byteLength).to.be.lessThan(limit);
    const answer = await bench.ask(queue, { 'content-encoding': 'gzip' }, bomb);
    faultOf(answer, 413, 'BODY_TOO_LARGE');
    await bench.expectNothingHappened(queue, received);
  });

  it('a small body that unpacks beyond the limit gets 413 without its end', async () => {
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
  });

  it('a packed body is taken only when all that Content-Length says has come', async () => {
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
  });

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

  it('a body that is cut off leaves nothing behind, and the next call is served', async () => {
    const queue = uniqueName('bad-bodies');
    const received = await bench.listen(queue);
    const connection = await openRawHttp(bench.port);
    const whole = rawRequest(`POST /requests/${queue}`, [], 'x'.repeat(1_000));
    connection.write(whole.slice(0, -500));
    // The gateway has begun to read it when it answers a call that came later.
    await bench.metric('requests_pending');
    connection.destroy();
    await bench.expectNothingHappened(queue, received);
  });

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

  it('chunks that make no sense get 400', async () => {
    const queue = uniqueName('bad-bodies');
    const received = await bench.listen(queue);
    const connection = await openRawHttp(bench.port);
    connection.write(rawRequest(`POST /requests/${queue}`, ['Transfer-Encoding: chunked']));
    connection.write('no number\r\n\r\n');
    problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
    await connection.closed();
    connection.destroy();
    await bench.expectNothingHappened(queue, received);
  });

  it('two lengths for one body get 400', async () => {
    const queue = uniqueName('bad-bodies');
    const received = await bench.listen(queue);
    const connection = await openRawHttp(bench.port);
    connection.write(
      rawRequest(`POST /requests/${queue}`, ['Transfer-Encoding: chunked'], 'x').replace(
        '\r\n\r\nx',
        '\r\n\r\n0\r\n\r\n',
      ),
    );
    problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
    connection.destroy();
    await bench.expectNothingHappened(queue, received);
  });

  it('an encoding that nobody knows gets 415 with those that are known', async () => {
    const queue = uniqueName('bad-bodies');
    const received = await bench.listen(queue);
    const answer = await bench.ask(queue, { 'content-encoding': 'rot13' });
    expect(faultOf(answer, 415, 'UNSUPPORTED_CONTENT')).to.deep.equal({
      field: 'Content-Encoding',
      value: 'rot13',
      allowed: 'gzip, deflate, br or none',
    });
    await bench.expectNothingHappened(queue, received);
  });

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

describe('bodies of a route with a JSON Schema', () => {
  let folder: TemporaryFolder;
  const prefix = uniqueName('orders');
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const file = join(folder.path, 'order.json');
    await writeFile(
      file,
      JSON.stringify({
        type: 'object',
        properties: { amount: { type: 'integer', minimum: 1 }, kind: { enum: ['new', 'old'] } },
        required: ['amount'],
        additionalProperties: false,
      }),
    );
    const routes = [{ path: '/orders/{kind}', queue: `${prefix}.{kind}`, schema: { request: file } }];
    return { settings: { REPLYTO_ROUTES: JSON.stringify(routes) } };
  });
  after(() => folder.remove());

  const bad: readonly {
    title: string;
    body: string | Buffer;
    field: string;
    value?: string;
    allowed: RegExp;
  }[] = [
    { title: 'broken JSON', body: '{"amount":', field: 'body', value: '{"amount":', allowed: /^JSON$/u },
    { title: 'an empty body', body: '', field: 'body', value: '', allowed: /^JSON$/u },
    {
      title: 'a wrong type',
      body: '{"amount":"3"}',
      field: 'body.amount',
      value: '3',
      allowed: /^a whole number$/u,
    },
    {
      title: 'a wrong value',
      body: '{"amount":0}',
      field: 'body.amount',
      value: '0',
      allowed: /^at least 1$/u,
    },
    { title: 'a missing member', body: '{}', field: 'body.amount', allowed: /required/u },
    { title: 'a member too many', body: '{"amount":1,"x":1}', field: 'body.x', allowed: /no such member/u },
    {
      title: 'a choice that is none',
      body: '{"amount":1,"kind":"x"}',
      field: 'body.kind',
      value: 'x',
      allowed: /^one of new, old$/u,
    },
    { title: 'another kind of value', body: '[]', field: 'body', value: '[]', allowed: /^an object$/u },
    {
      title: 'bytes that are no UTF-8',
      body: Buffer.from([0x7b, 0xff, 0x7d]),
      field: 'body',
      allowed: /^UTF-8 text$/u,
    },
    { title: 'JSON that is nested too deep', body: '['.repeat(10_000), field: 'body', allowed: /levels/u },
  ];

  for (const { title, body, field, value, allowed } of bad) {
    for (const way of ['on its path', 'on POST /requests/{queue}'] as const) {
      it(`${title} gets 422 ${way}, naming the place`, async () => {
        const kind = uniqueName('kind');
        const queue = `${prefix}.${kind}`;
        const received = await bench.listen(queue);
        const path = way === 'on its path' ? `/orders/${kind}` : `/requests/${queue}`;
        const fault = faultOf(await post(`${bench.url}${path}`, body), 422, 'SCHEMA_MISMATCH');
        expect(fault.field).to.equal(field);
        expect(fault.value).to.equal(value);
        expect(fault.allowed).to.match(allowed);
        await bench.expectNothingHappened(queue, received, '{"amount":1}');
      });
    }
  }

  it('a body as the schema wants it is sent as it came', async () => {
    const kind = uniqueName('kind');
    const received = await bench.listen(`${prefix}.${kind}`);
    const body = '{ "amount": 7 }';
    const answer = await post(`${bench.url}/orders/${kind}`, body, { prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    bench.expected(answer.headers['message-id']!);
    await until(() => received.length === 1, { what: 'the message' });
    expect(Buffer.from(received[0]!.body).toString()).to.equal(body);
  });

  it('other queues are held to no schema', async () => {
    const queue = uniqueName('free');
    const received = await bench.listen(queue);
    const answer = await bench.ask(queue, { prefer: 'respond-async' }, 'no JSON');
    expect(answer.status, answer.text()).to.equal(202);
    bench.expected(answer.headers['message-id']!);
    await until(() => received.length === 1, { what: 'the message' });
  });
});
