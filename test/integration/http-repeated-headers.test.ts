import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('headers that are given more than once, by the thousand or with odd bytes', () => {
  const bench = httpBench();

  /** Posts and resolves with the message, for calls that are taken. */
  async function sent(...headers: readonly string[]) {
    const queue = uniqueName('repeated');
    const received = await bench.listen(queue);
    bench.expected(queue);
    const call = rawRequest(`POST /requests/${queue}`, [`Message-ID: ${queue}`, ...headers], '{}');
    const answer = await rawCall(bench.port, Buffer.from(call, 'latin1'));
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    return { answer, message: received[0]! };
  }

  happens(
    'HTTP',
    'a header that may stand once given twice: Message-ID, Reply-To, Time, Content-Type and the like, be it equal or not',
    '400 that names it with both values, nothing stored or sent',
    async () => {
      const queue = uniqueName('repeated');
      const received = await bench.listen(queue);
      for (const [name, first, second] of [
        ['Message-ID', 'one', 'two'],
        ['Message-ID', 'one', 'one'],
        ['Idempotency-Key', '"one"', '"two"'],
        ['Reply-To', 'one', 'two'],
        ['Time', '1', '2'],
        ['Content-Type', 'text/plain', 'text/html'],
        ['Content-Type', 'text/plain', 'text/plain'],
        ['Correl-ID', 'one', 'two'],
        ['Project', 'one', 'two'],
        ['Request-Timeout', '1', '2'],
        ['Message-Priority', '1', '2'],
      ] as const) {
        const headers = [`${name}: ${first}`, `${name.toLowerCase()}: ${second}`];
        const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, headers, '{}'));
        expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
          field: name,
          value: `${first}, ${second}`,
          allowed: 'given once',
        });
      }
      const both = ['Message-ID: one', 'Idempotency-Key: "two"'];
      const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, both, '{}'));
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Idempotency-Key');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'Host given twice, as a list, with a path, a user or bytes that no host has',
    '400 that names Host, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('repeated');
      const received = await bench.listen(queue);
      for (const hosts of [
        ['x', 'y'],
        ['x', 'x'],
        ...[['x, y'], ['x,y'], ['x/y'], ['user@x'], ['x y'], ['x:port'], ['x:1:2'], ['[::1'], ['h\u00f6st']],
      ]) {
        const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
        const connection = await openRawHttp(bench.port);
        const whole = rawRequest(`POST /requests/${queue}`, [], '{}').replace('Host: x\r\n', lines);
        connection.write(Buffer.from(whole, 'latin1'));
        expect(faultOf(await connection.answer(), 400, 'INVALID_REQUEST').field).to.equal('Host');
        await connection.gone();
      }
      await bench.expectNothingHappened(queue, received);
      for (const host of ['', 'x', 'X-y_z.example:80', '127.0.0.1:8080', '[::1]:8080', 'x:']) {
        const whole = rawRequest('GET /livez', []).replace('Host: x', `Host: ${host}`);
        expect((await rawCall(bench.port, whole)).status, host).to.equal(200);
      }
    },
  );

  happens('HTTP', 'Prefer given twice', 'both count as one list, as RFC 7240 says', async () => {
    const { answer } = await sent('Prefer: respond-async', 'prefer: wait=0');
    expect(answer.headers['preference-applied']).to.equal('respond-async, wait=0');
  });

  happens(
    'HTTP',
    'an X- header given twice, tracestate or baggage in parts',
    'they travel as one list, in their order',
    async () => {
      const { message } = await sent(
        ...['Prefer: respond-async', 'X-Tag: a', 'x-tag: b', 'tracestate: a=1', 'tracestate: b=2'],
        ...[
          'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          'baggage: a=1',
          'baggage: b=2',
        ],
      );
      expect(message.applicationHeaders).to.deep.equal({ 'x-tag': 'a, b' });
      expect(message.properties).to.include({ tracestate: 'a=1, b=2', baggage: 'a=1, b=2' });
    },
  );

  happens(
    'HTTP',
    'two traceparent headers',
    'the request is taken; neither trace is continued, a new one begins without the tracestate',
    async () => {
      const trace = (last: string): string =>
        `traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333${last}-01`;
      const { message } = await sent('Prefer: respond-async', trace('1'), trace('2'), 'tracestate: a=1');
      expect(message.properties).not.to.have.property('tracestate');
      expect(message.properties.traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/u);
      expect(message.properties.traceparent).not.to.include('0af7651916cd43dd8448eb211c80319c');
    },
  );

  happens(
    'HTTP',
    'a header in latin-1, in UTF-8, with bytes that are neither',
    'it travels as the text it is, and is told apart by its bytes',
    async () => {
      const { message } = await sent(
        ...[
          'Prefer: respond-async',
          'X-Latin: gr\u00fcn',
          `X-Utf: ${Buffer.from('grün').toString('latin1')}`,
        ],
        'X-Broken: \u00c3(',
      );
      expect(message.applicationHeaders).to.deep.equal({
        'x-latin': 'grün',
        'x-utf': 'grün',
        'x-broken': '\u00c3(',
      });
    },
  );

  happens(
    'HTTP',
    'more than 250 headers, up to the thousands that fit into 32 KiB',
    '431 that says how many there may be, nothing stored or sent, none left out in silence',
    async () => {
      const queue = uniqueName('flood');
      const received = await bench.listen(queue);
      for (const count of [249, 1_500, 6_000]) {
        // The last ones were left out by Node: a length, and a header that is wrong.
        const headers = [...Array.from({ length: count }, () => 'a:'), 'Time: tomorrow'];
        const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, headers, '{}'));
        expect(faultOf(answer, 431, 'INVALID_REQUEST')).to.deep.equal({
          field: 'headers',
          value: `${count + 3}`,
          allowed: 'at most 250',
        });
      }
      const most = [...Array.from({ length: 247 }, () => 'a:'), 'Time: tomorrow'];
      const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, most, '{}'));
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Time');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'one header over 32 KiB, or all of them together, in one piece or trickling in',
    '431 as a problem with the limit, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('flood');
      const received = await bench.listen(queue);
      const line = `POST /requests/${queue}`;
      const piece = `X-Large: ${'x'.repeat(8_000)}`;
      for (const pieces of [
        [rawRequest(line, [`X-Large: ${'x'.repeat(40_000)}`], '{}')],
        [rawRequest(line, [piece, piece, piece, piece, piece], '{}')],
        [`${line} HTTP/1.1\r\nHost: x\r\n`, ...Array.from({ length: 5 }, () => `${piece}\r\n`)],
        [`${line} HTTP/1.1\r\nHost: x\r\n${'x'.repeat(33_000)}`],
      ]) {
        const connection = await openRawHttp(bench.port);
        for (const bytes of pieces) connection.write(bytes);
        const answer = await connection.answer();
        expect(faultOf(answer, 431, 'INVALID_REQUEST')).to.deep.equal({
          field: 'headers',
          allowed: 'at most 32768 bytes altogether, with the path',
        });
        expect(answer.headers['connection']).to.equal('close');
        await connection.gone();
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'Expect: 100-continue beside another expectation, or in a form that only looks like it',
    '417 that names the one that is known, nothing stored or sent',
    async () => {
      const queue = uniqueName('expect');
      const received = await bench.listen(queue);
      for (const lines of [
        ['Expect: 100-continue', 'Expect: other'],
        ...[['Expect: x 100-continue'], ['Expect: 100-continue;q=1'], ['Expect: "100-continue"']],
      ]) {
        const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, lines, '{}'));
        expect(faultOf(answer, 417, 'INVALID_REQUEST').field).to.equal('Expect');
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'two Content-Encodings, or one that nobody knows',
    '415 that names those that are known, also in Accept-Encoding; nothing stored or sent',
    async () => {
      const queue = uniqueName('encoding');
      const received = await bench.listen(queue);
      for (const lines of [
        ['Content-Encoding: gzip', 'Content-Encoding: gzip'],
        ...[['Content-Encoding: gzip, br'], ['Content-Encoding: rot13'], ['Content-Encoding: zstd']],
      ]) {
        const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, lines, '{}'));
        const fault = faultOf(answer, 415, 'UNSUPPORTED_CONTENT');
        expect(fault).to.include({ field: 'Content-Encoding', allowed: 'gzip, deflate, br or none' });
        expect(answer.headers['accept-encoding']).to.equal('gzip, deflate, br');
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a handshake for a WebSocket with two Hosts',
    '400 that names Host, the connection closed',
    async () => {
      const handshake = ['Host: y', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest('GET /broker', handshake));
      problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
      await connection.gone();
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
    },
  );
});
