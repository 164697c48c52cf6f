import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('calls that come slowly over HTTP', () => {
  const bench = httpBench(() => ({
    settings: { REPLYTO_HTTP__HEADERS_TIMEOUT_MS: '200', REPLYTO_HTTP__CALL_TIMEOUT_MS: '400' },
  }));

  /** Writes a byte now and then until the server closes its side; resolves with the connection. */
  async function trickle(begin: string, byte: string): Promise<RawHttp> {
    const connection = await openRawHttp(bench.port);
    connection.write(begin);
    await until(
      () => {
        if (connection.rest() !== '') return true;
        connection.write(byte);
        return false;
      },
      { what: 'an answer to a call without an end' },
    );
    return connection;
  }

  happens(
    'HTTP',
    'headers that come byte by byte and do not end within http.headersTimeoutMs',
    '408 as a problem, the connection closed, nothing stored or sent, others served meanwhile',
    async () => {
      const queue = uniqueName('slow');
      const received = await bench.listen(queue);
      const connection = await trickle(`POST /requests/${queue} HTTP/1.1\r\nHost: x\r\nX-Slow: `, 'x');
      expect(faultOf(await connection.answer(), 408, 'INVALID_REQUEST')).to.deep.equal({
        field: 'headers',
        allowed: 'to come whole within 200ms',
      });
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a body that comes byte by byte and does not end within http.callTimeoutMs, by length or in chunks',
    '408 as a problem, the connection closed, nothing stored or sent, others served meanwhile',
    async () => {
      const queue = uniqueName('slow');
      const received = await bench.listen(queue);
      const line = `POST /requests/${queue}`;
      for (const [header, byte] of [
        ['Content-Length: 1000000', 'x'],
        ['Transfer-Encoding: chunked', '1\r\nx\r\n'],
      ] as const) {
        const connection = await trickle(rawRequest(line, [header]), byte);
        expect(faultOf(await connection.answer(), 408, 'BODY_UNREADABLE')).to.deep.equal({
          field: 'call',
          allowed: 'to come whole within 400ms',
        });
        await connection.gone();
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a connection on which nothing is ever sent',
    '408, the connection closed after http.headersTimeoutMs',
    async () => {
      const connection = await openRawHttp(bench.port);
      expect(faultOf(await connection.answer(), 408, 'INVALID_REQUEST').field).to.equal('headers');
      await connection.gone();
    },
  );

  happens(
    'HTTP',
    'a slow call behind one that waits for its reply',
    'the first waits on and gets its reply, then the second 408',
    async () => {
      const queue = uniqueName('slow');
      const received = await bench.listen(queue);
      bench.expected(queue);
      const connection = await openRawHttp(bench.port);
      const first = rawRequest(`POST /requests/${queue}`, [`Message-ID: ${queue}`, 'Prefer: wait=20'], '{}');
      connection.write(`${first}GET /livez HTTP/1.1\r\nX-Slow: `);
      await until(() => received.length === 1, { what: 'the message' });
      const other = await openRawHttp(bench.port);
      await other.answer();
      await other.gone();
      expect(connection.rest()).to.equal('');
      await bench.reply(received[0]!, 'the reply');
      expect((await connection.answer()).text()).to.equal('the reply');
      faultOf(await connection.answer(), 408, 'INVALID_REQUEST');
      await connection.gone();
    },
  );

  happens(
    'HTTP',
    'a wait that is longer than http.callTimeoutMs',
    'it goes on: the deadline is for what the caller sends, not for the reply',
    async () => {
      const queue = uniqueName('slow');
      const received = await bench.listen(queue);
      const answer = bench.ask(queue, { 'message-id': queue, prefer: 'wait=20' });
      await until(() => received.length === 1, { what: 'the message' });
      const other = await trickle(rawRequest('POST /requests/x', ['Content-Length: 9000']), 'x');
      faultOf(await other.answer(), 408, 'BODY_UNREADABLE');
      await bench.reply(received[0]!, 'the reply');
      expect((await answer).text()).to.equal('the reply');
      bench.expected(queue);
    },
  );
});

describe('callers that hang up', () => {
  const bench = httpBench();

  happens(
    'HTTP',
    'a caller that hangs up in the middle of the path, of a header, or between two calls',
    '400 where it still listens; nothing stored or sent, the next caller served',
    async () => {
      const queue = uniqueName('hang-up');
      const received = await bench.listen(queue);
      const whole = rawRequest(`POST /requests/${queue}`, ['Content-Length: 2']);
      for (const bytes of [whole.slice(0, 3), whole.slice(0, 20), whole.slice(0, -20), whole.slice(0, -2)]) {
        const listening = await openRawHttp(bench.port);
        listening.write(bytes);
        listening.end();
        faultOf(await listening.answer(), 400, 'INVALID_REQUEST');
        await listening.gone();
        for (const leave of ['destroy', 'reset'] as const) {
          const connection = await openRawHttp(bench.port);
          connection.write(bytes);
          await bench.metric('waits');
          connection[leave]();
        }
      }
      const idle = await openRawHttp(bench.port);
      idle.write(rawRequest('GET /livez', []));
      await idle.answer();
      idle.end();
      await idle.gone();
      expect(idle.rest()).to.equal('');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a caller that hangs up while its large answer is written',
    'the rest of the answer is dropped; the reply stays and is there for the next GET',
    async () => {
      const queue = uniqueName('hang-up');
      const large = Buffer.alloc(10_000_000, 'x');
      await bench.serve(queue, () => large);
      bench.expected(queue);
      await bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' });
      for (const leave of ['destroy', 'reset', 'end'] as const) {
        const connection = await openRawHttp(bench.port);
        connection.write(rawRequest(`GET /requests/${queue}/reply`, []));
        await until(() => connection.rest().startsWith('HTTP/1.1 200'), { what: 'the answer to begin' });
        connection.pause();
        connection[leave]();
      }
      const again = await call(`${bench.url}/requests/${queue}/reply`);
      expect(again.body.equals(large)).to.equal(true);
    },
  );

  happens(
    'HTTP',
    'a caller that hangs up while it waits, by closing, by RST or by closing its own side',
    'its wait ends; the request goes on, and its reply is there for who comes back',
    async () => {
      for (const leave of ['destroy', 'reset', 'end'] as const) {
        const queue = uniqueName('hang-up');
        const received = await bench.listen(queue);
        bench.expected(queue);
        const connection = await openRawHttp(bench.port);
        connection.write(
          rawRequest(`POST /requests/${queue}`, [`Message-ID: ${queue}`, 'Prefer: wait=50'], '{}'),
        );
        await until(async () => (await bench.metric('waits')) === 1, { what: 'the caller to wait' });
        connection[leave]();
        await until(async () => (await bench.metric('waits')) === 0, { what: 'nobody to wait' });
        await until(() => received.length === 1, { what: 'the message' });
        await bench.reply(received[0]!, 'the reply');
        await bench.reaches(queue, 'replied');
        expect((await call(`${bench.url}/requests/${queue}/reply`)).text()).to.equal('the reply');
      }
    },
  );
});
