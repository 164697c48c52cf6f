import { expect } from 'chai';
import { resources } from '#gateway/openapi/openapi.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

/** Of all resources together. */
const everyMethod = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST';

describe('paths and methods over HTTP', () => {
  const bench = httpBench();

  const raw = (line: string, ...headers: readonly string[]): Promise<HttpAnswer> =>
    rawCall(bench.port, rawRequest(line, headers));

  happens(
    'HTTP',
    'a path with .., %2e%2e, %2f, %5c, //, ;, a backslash, %00 or in upper case',
    '404: nothing is normalised, no such path leads to another resource or file',
    async () => {
      for (const path of [
        ...['/requests/../livez', '/requests/%2e%2e/livez', '/./livez', '/%2e/livez', '/x/..%2flivez'],
        ...['//livez', '///livez', '//x/livez', '/livez//', '/livez;a=b', '/livez%2f', '/livez%5c'],
        ...['/\\livez', '/..\\livez', '/LIVEZ', '/Requests', '/livez%00', '/livez%0a', '/%6Civez%20'],
        ...['/docs/../package.json', '/docs/..%2f..%2fpackage.json', '/docs/%2e%2e%5cpackage.json'],
        ...['/docs/.hidden', '/docs//etc/passwd', '/docs/swagger-ui.css%00.js'],
      ]) {
        problemOf(await raw(`GET ${path}`), 404, 'ROUTE_NOT_FOUND');
      }
      for (const path of ['/requests/a%2fb', '/requests/a%5cb', '/requests/%2e%2e', '/requests/%00']) {
        problemOf(await raw(`GET ${path}`), 404, 'REQUEST_NOT_FOUND');
      }
      expect((await raw('GET /livez/')).status).to.equal(200);
    },
  );

  happens(
    'HTTP',
    'POST to a queue whose name hides a path: %2f, %5c, %00, .., a wildcard',
    '400 that names the queue and what is allowed, nothing stored or sent',
    async () => {
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      for (const name of ['a%2fb', 'a%5cb', 'a%00b', '%2e%2e%2fa', 'a%2c*', '%3e', '%20a', 'a%0d%0ab']) {
        const answer = await rawCall(bench.port, rawRequest(`POST /requests/${name}`, [], '{}'));
        const fault = faultOf(answer, 400, 'INVALID_REQUEST');
        expect(fault).to.deep.include({ field: 'queue', value: decodeURIComponent(name) });
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a path or a query with bytes beyond ASCII, a NUL or a space',
    '400, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      for (const path of [
        '/requests/\u00e4',
        '/requests/\u00c3\u00a4',
        '/requests/a\u0000',
        '/requests/a b',
      ]) {
        const connection = await openRawHttp(bench.port);
        connection.write(Buffer.from(rawRequest(`POST ${path}`, [], '{}'), 'latin1'));
        problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
        await connection.gone();
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a path with its query over 8 KiB',
    '414 that says how long it is and may be, nothing stored or sent',
    async () => {
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      const long = 'a'.repeat(9_000);
      for (const [line, body] of [
        [`POST /requests/${long}`, '{}'],
        [`POST /requests/${queue}?x=${long}`, '{}'],
        [`GET /requests?queue=${long}`, ''],
        [`GET /requests?${'a=1&'.repeat(3_000)}`, ''],
      ] as const) {
        const fault = faultOf(await rawCall(bench.port, rawRequest(line, [], body)), 414, 'INVALID_REQUEST');
        const path = line.split(' ')[1]!;
        expect(fault).to.deep.equal({
          field: 'path',
          value: `${path.length} bytes`,
          allowed: 'at most 8192 bytes with its query',
        });
      }
      const longest = `/requests?queue=${'a'.repeat(8_192 - '/requests?queue='.length)}`;
      expect(faultOf(await raw(`GET ${longest}`), 400, 'INVALID_REQUEST').field).to.equal('?queue');
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a path and headers over 32 KiB',
    '431 with the limit, the connection closed, the next caller served',
    async () => {
      for (const length of [33_000, 1_000_000]) {
        const connection = await openRawHttp(bench.port);
        connection.write(rawRequest(`GET /requests/${'a'.repeat(length)}`, []));
        expect(faultOf(await connection.answer(), 431, 'INVALID_REQUEST').field).to.equal('headers');
        await connection.gone();
      }
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
    },
  );

  happens(
    'HTTP',
    'a whole http:// or https:// address instead of a path, as proxies get it',
    'served by its path, whatever host it names',
    async () => {
      for (const start of ['http://x', 'http://elsewhere.example:1234', 'https://x', 'HTTP://x']) {
        expect((await raw(`GET ${start}/livez`)).text(), start).to.equal('alive\n');
      }
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      bench.expected(queue);
      const headers = [`Message-ID: ${queue}`, 'Prefer: respond-async'];
      const asked = await rawCall(bench.port, rawRequest(`POST http://x/requests/${queue}`, headers, '{}'));
      expect(asked.status, asked.text()).to.equal(202);
      await until(() => received.length === 1, { what: 'the message' });
    },
  );

  happens(
    'HTTP',
    'an address with a user, another scheme or a fragment; * for anything but OPTIONS',
    '400 that says what may stand there, nothing stored or sent',
    async () => {
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      const path = `/requests/${queue}`;
      for (const target of [
        ...[`http://user:secret@x${path}`, `http://user@x${path}`, `ftp://x${path}`, `${path}#part`],
        ...[`http://x${path}#part`, `*${path}`, '*'],
      ]) {
        const answer = await rawCall(bench.port, rawRequest(`POST ${target}`, [], '{}'));
        const fault = faultOf(answer, 400, 'INVALID_REQUEST');
        expect(fault).to.deep.include({ field: 'path', value: target });
      }
      for (const target of ['x:443', 'livez', 'http:/livez', '?a=1']) {
        problemOf(await raw(`GET ${target}`), 400, 'INVALID_REQUEST');
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens('HTTP', 'OPTIONS *', '204 with all methods of the server in Allow', async () => {
    const connection = await openRawHttp(bench.port);
    connection.write(rawRequest('OPTIONS *', []));
    const answer = await connection.answer();
    expect([answer.status, answer.headers['allow']]).to.deep.equal([204, everyMethod]);
    connection.destroy();
  });

  happens(
    'HTTP',
    'CONNECT, which asks for a tunnel',
    '405 with Allow in its turn, the connection closed, nothing tunnelled',
    async () => {
      for (const target of ['elsewhere.example:443', '/livez', '*']) {
        const connection = await openRawHttp(bench.port);
        connection.write(`${rawRequest('GET /livez', [])}${rawRequest(`CONNECT ${target}`, [])}GET /livez`);
        expect((await connection.answer()).text()).to.equal('alive\n');
        const answer = await connection.answer();
        expect(faultOf(answer, 405, 'METHOD_NOT_ALLOWED').value).to.equal('CONNECT');
        expect(answer.headers['allow']).to.equal(everyMethod);
        await connection.gone();
        expect(connection.rest()).to.equal('');
      }
    },
  );

  it('names the resource that a path without its last part is missing', async () => {
    const cases = [
      ['DELETE /requests', 'GET, HEAD, OPTIONS, POST', '; for DELETE there is /requests/{id}'],
      ['DELETE /requests/', 'GET, HEAD, OPTIONS, POST', '; for DELETE there is /requests/{id}'],
      ['PUT /requests', 'GET, HEAD, OPTIONS, POST', ''],
      ['POST /livez', 'GET, HEAD, OPTIONS', ''],
    ];
    for (const [line = '', methods = '', hint = ''] of cases) {
      const answer = await rawCall(bench.port, rawRequest(line, [], '{}'));
      expect(faultOf(answer, 405, 'METHOD_NOT_ALLOWED').allowed, line).to.equal(`${methods}${hint}`);
      expect(answer.headers['allow']).to.equal(methods);
    }
  });

  happens(
    'HTTP',
    'TRACE, PATCH, PUT, LINK and other methods of HTTP and WebDAV, on each resource',
    '405 with what the resource offers in Allow; TRACE shows nothing of the call; nothing stored or sent',
    async () => {
      const queue = uniqueName('targets');
      const received = await bench.listen(queue);
      const paths = [...new Set(resources.map(({ path }) => path.replace(/\{[^{}]*\}/gu, queue)))];
      expect(paths.length).to.be.greaterThan(10);
      const connection = await openRawHttp(bench.port);
      for (const path of [...paths, '/a/route/path']) {
        for (const method of [
          'TRACE',
          'PATCH',
          'PUT',
          'LINK',
          'PROPFIND',
          'MKCOL',
          'LOCK',
          'PURGE',
          'M-SEARCH',
        ]) {
          // Letters are edited, whatever their name.
          if (method === 'PATCH' && /^\/dead-letters\/[^/]+$/u.test(path)) continue;
          connection.write(rawRequest(`${method} ${path}`, ['X-Secret: of-the-caller'], '{}'));
          const answer = await connection.answer();
          expect(faultOf(answer, 405, 'METHOD_NOT_ALLOWED').value, path).to.equal(method);
          expect(answer.headers['allow'], path).to.match(/^(?:[A-Z]+, )*OPTIONS(?:, PATCH)?(?:, POST)?$/u);
          expect(answer.text()).not.to.include('of-the-caller');
        }
      }
      connection.destroy();
      await bench.expectNothingHappened(queue, received);
    },
  );
});
