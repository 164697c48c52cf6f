import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import { answerHeaders } from '#gateway/openapi/headers.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer, HttpCall } from '../support/http.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import type { ApiAnswer, ApiDescription } from '../support/openapi.js';
import { operationsOf, schemaCompiler } from '../support/openapi.js';

describe('/openapi.json', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_HTTP__MAX_BODY_BYTES: '1000' } }));

  const { failed, unmatched } = letterBench(bench);

  async function description(): Promise<ApiDescription> {
    const answer = await call(`${bench.url}/openapi.json`);
    expect(answer.status).to.equal(200);
    expect(answer.headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-cache' });
    return answer.json<ApiDescription>();
  }

  it('is the description of this gateway, the same every time', async () => {
    const document = await description();
    expect(document.openapi).to.equal('3.1.0');
    expect(document.info['version']).to.equal((await call(`${bench.url}/version`)).json()['version']);
    expect(Object.keys(document.paths)).to.include('/{service}/{resource}/{action}');
    expect(await description()).to.deep.equal(document);
  });

  it('has no path that answers 404 for want of a resource, nor a method that is not offered', async () => {
    for (const { path, method } of operationsOf(await description())) {
      const url = `${bench.url}${path.replaceAll(/\{\w+\}/gu, 'x')}`;
      if (path.endsWith('/events')) continue;
      // A project is followed without an end by who does not ask for a page.
      const headers = { accept: 'application/json' };
      const answer = await call(url, { method: method.toUpperCase() as 'GET', headers });
      expect(answer.status, `${method} ${path}`).not.to.equal(405);
      if (answer.status === 404)
        expect(answer.json()['detail'], path).not.to.match(/no resource and no route/u);
    }
  });

  it('foretells what calls are answered: status, content, headers', async () => {
    const document = await description();
    const compile = schemaCompiler(document);
    const queue = uniqueName('described');
    const faulty = uniqueName('described');
    await bench.serve(queue, () => ({ done: true }));
    await bench.serve(faulty, (request) => {
      throw new Fault('OWN', 'as asked', request.text() === '' ? {} : { status: Number(request.text()) });
    });

    function foretold(path: string, method: string, status: number): ApiAnswer {
      const { responses } = document.paths[path]![method]!;
      const answer = responses[status] ?? responses[`${String(status)[0]!}XX`];
      return answer ?? expect.fail(`${method} ${path} does not foretell ${status}`);
    }

    function check(path: string, method: string, answer: HttpAnswer): void {
      const where = `${method} ${path} ${answer.status}`;
      const { content, headers = {} } = foretold(path, method, answer.status);
      if (answer.body.byteLength > 0) checkBody(where, answer, content ?? {});
      const named = new Map(Object.entries(headers).map(([name, header]) => [name.toLowerCase(), header]));
      for (const [name, { required, schema }] of named) {
        const value = answer.headers[name];
        if (value === undefined) {
          expect(required, `${where} has no ${name}`).to.equal(false);
          continue;
        }
        const isNumber = (schema as { type?: string }).type === 'integer';
        expect(compile(schema)(isNumber ? Number(value) : value), `${where} ${name}: ${value}`).to.equal(
          true,
        );
      }
      for (const own of Object.keys(answerHeaders)) {
        // Problems depend on the same headers; that is no news.
        if (own === 'Vary' || answer.headers[own.toLowerCase()] === undefined) continue;
        expect([...named.keys()], `${where} has ${own}`).to.include(own.toLowerCase());
      }
    }

    function checkBody(where: string, answer: HttpAnswer, content: NonNullable<ApiAnswer['content']>): void {
      const given = answer.headers['content-type']?.split(';')[0] ?? '';
      const { schema } =
        content[given] ?? content['*/*'] ?? expect.fail(`${where} does not foretell ${given}`);
      const value: unknown = given.endsWith('json') ? answer.json() : answer.text();
      const validate = compile(schema);
      expect(validate(value), `${where}: ${JSON.stringify(validate.errors)}`).to.equal(true);
    }

    const ask = (headers: Record<string, string>, body = '{}'): HttpCall => ({
      method: 'POST',
      headers,
      body,
    });
    const json = { accept: 'application/json' };
    const page = { headers: json };
    const tell = (event: object): HttpCall => ({ method: 'POST', body: JSON.stringify(event) });
    const edit = (method: 'PATCH' | 'POST', document: object): HttpCall => ({
      ...{ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) },
    });
    const dead = await failed(uniqueName('described'));
    const lost = await unmatched();
    const id = `${queue}-replied`;
    const waits = { prefer: 'wait=10' };
    const later = { prefer: 'respond-async' };
    const nobody = uniqueName('nobody');
    const calls: [path: string, given: string, statuses: number | number[], options?: HttpCall][] = [
      ['/requests/{queueOrId}', `/requests/${queue}`, 200, ask({ ...waits, 'message-id': id })],
      ['/requests/{queueOrId}', `/requests/${queue}`, 200, ask({ ...waits, 'message-id': id })],
      ['/requests/{queueOrId}', `/requests/${queue}`, 422, ask({ ...waits, 'message-id': id }, 'other')],
      ['/requests/{queueOrId}', `/requests/${nobody}`, 202, ask({ ...later, 'message-id': 'open' })],
      [
        '/requests/{queueOrId}',
        `/requests/${nobody}`,
        202,
        ask({ 'reply-to': 'none', 'message-id': 'one-way' }),
      ],
      [
        '/requests/{queueOrId}',
        `/requests/${nobody}`,
        504,
        ask({ ...waits, 'request-timeout': '1', 'message-id': 'brief' }),
      ],
      ['/requests/{queueOrId}', `/requests/${faulty}`, 502, ask({ ...waits, 'message-id': 'faulted' }, '')],
      ['/requests/{queueOrId}', `/requests/${faulty}`, 418, ask({ ...waits, 'message-id': 'teapot' }, '418')],
      ['/requests/{queueOrId}', `/requests/${faulty}`, 599, ask(waits, '599')],
      ['/requests/{queueOrId}', `/requests/${queue}`, 400, ask({ time: 'x' })],
      ['/requests/{queueOrId}', `/requests/amq.x`, 403, ask({})],
      ['/requests/{queueOrId}', `/requests/${queue}`, 403, ask({ origin: 'http://evil.example' })],
      ['/requests/{queueOrId}', `/requests/${queue}`, 413, ask({}, 'x'.repeat(1_001))],
      ['/requests/{queueOrId}', `/requests/${queue}`, 415, ask({ 'content-encoding': 'x' })],
      ['/{service}/{resource}/{action}', '/a/b/c', 202, ask(later)],
      ['/{service}/{resource}/{action}', '/a/b/%00', 400, ask(later)],
      ['/requests', '/requests?limit=1', 200],
      ['/requests', '/requests?limit=0', 400],
      ['/requests/{queueOrId}', `/requests/${id}`, 200],
      ['/requests/{queueOrId}', '/requests/open', 304, { headers: { 'if-none-match': '*' } }],
      ['/requests/{queueOrId}', '/requests/unknown', 404],
      ['/requests/{id}/reply', `/requests/${id}/reply`, 200],
      ['/requests/{id}/reply', '/requests/open/reply', 202],
      ['/requests/{id}/reply', '/requests/one-way/reply', [202, 204]],
      ['/requests/{id}/reply', '/requests/brief/reply', 504],
      ['/requests/{id}/reply', '/requests/faulted/reply', 502],
      ['/requests/{id}/reply', '/requests/teapot/reply', 418],
      ['/requests/{id}/reply', '/requests/open/reply?n=0', 400],
      ['/requests/{id}/reply', '/requests/unknown/reply', 404],
      ['/requests/{id}/events', `/requests/${id}/events`, 200],
      ['/requests/{id}/events', `/requests/${id}/events?after=3`, 204],
      ['/requests/{id}/events', `/requests/${id}/events?after=99`, 400],
      ['/requests/{id}/events', '/requests/unknown/events', 404],
      ['/requests/{id}/events', `/requests/${id}/events`, 200, page],
      ['/requests/{id}/events', `/requests/${id}/events`, 406, { headers: { accept: 'image/png' } }],
      ['/status/{project}', '/status/shop', 202, tell({ subject: 'job', kind: 'progress', percent: 1 })],
      ['/status/{project}', '/status/shop', 202, tell({ subject: 'job', kind: 'log', id: 'a', time: 1 })],
      ['/status/{project}', '/status/shop', 202, tell({ subject: id, kind: 'log', data: [null] })],
      ['/status/{project}', '/status/shop', 422, tell({ subject: 'job' })],
      ['/status/{project}', '/status/shop', 413, tell({ subject: 'x'.repeat(70_000) })],
      ['/status/{project}', '/status/a%2Fb', 400, tell({ subject: 'job', kind: 'log' })],
      ['/status/{project}', '/status/shop', 200, { headers: { ...json, prefer: 'wait=1' } }],
      ['/status/{project}', '/status/shop', 200, { method: 'HEAD' }],
      ['/status/{project}', '/status/shop', 304, { headers: { ...json, 'if-none-match': '*' } }],
      ['/status/{project}', '/status/shop?limit=0', 400],
      ['/status/{project}', '/status/shop', 406, { headers: { accept: 'image/png' } }],
      ['/status', '/status', 200],
      ['/status', '/status?limit=0', 400],
      ['/status/{project}/subjects', '/status/shop/subjects', 200],
      ['/status/{project}/subjects', '/status/a%2Fb/subjects', 400],
      ['/requests/{id}/deliveries', '/requests/open/deliveries', 202, edit('POST', { to: 'answers' })],
      ['/requests/{id}/deliveries', '/requests/open/deliveries', 202, edit('POST', { to: 'answers' })],
      ['/requests/{id}/deliveries', '/requests/open/deliveries', 200],
      ['/requests/{id}/deliveries', '/requests/open/deliveries', 422, edit('POST', {})],
      ['/requests/{id}/deliveries', '/requests/unknown/deliveries', 404],
      ['/requests/{id}/deliveries', '/requests/one-way/deliveries', 409, edit('POST', { to: 'answers' })],
      ['/dead-letters', '/dead-letters?limit=1', 200],
      ['/dead-letters', '/dead-letters?limit=0', 400],
      ['/dead-letters/{id}', dead.links.self, 200],
      ['/dead-letters/{id}', dead.links.self, 304, { headers: { 'if-none-match': '*' } }],
      ['/dead-letters/{id}', dead.links.self, 412, { headers: { 'if-match': '"v9"' } }],
      ['/dead-letters/{id}/body', dead.links.body, 200],
      ['/dead-letters/{id}', dead.links.self, 200, edit('PATCH', { body: '7', headers: { 'x-a': '1' } })],
      ['/dead-letters/{id}', dead.links.self, 422, edit('PATCH', { text: '7' })],
      ['/dead-letters/{id}', dead.links.self, 413, edit('PATCH', { body: 'x'.repeat(1_001) })],
      ['/dead-letters/{id}', '/dead-letters/unknown', 404],
      ['/dead-letters/{id}/retry', `${dead.links.self}/retry`, 202, { method: 'POST' }],
      ['/dead-letters/{id}/retry', `${dead.links.self}/retry`, 404, { method: 'POST' }],
      ['/dead-letters/retry', '/dead-letters/retry?all=true', 200, { method: 'POST' }],
      ['/dead-letters/retry', '/dead-letters/retry', 400, { method: 'POST' }],
      ['/dead-letters', '/dead-letters?kind=invalid', 200, { method: 'DELETE' }],
      ['/unmatched-replies', '/unmatched-replies', 200],
      ['/unmatched-replies/{id}', lost.links.self, 200],
      ['/unmatched-replies/{id}/body', lost.links.body, 200],
      [
        '/unmatched-replies/{id}/match',
        `${lost.links.self}/match`,
        404,
        edit('POST', { requestId: 'unknown' }),
      ],
      ['/unmatched-replies/{id}/match', `${lost.links.self}/match`, 200, edit('POST', { requestId: id })],
      ['/unmatched-replies/{id}', lost.links.self, 404, { method: 'DELETE' }],
      ['/unmatched-replies', '/unmatched-replies?all=true', 200, { method: 'DELETE' }],
      ['/requests/{queueOrId}', '/requests/open', 200, { method: 'DELETE' }],
      ['/requests/{id}/deliveries', '/requests/open/deliveries', 409, edit('POST', { to: 'more' })],
      ['/requests/{queueOrId}', `/requests/${id}`, 409, { method: 'DELETE' }],
      ['/requests/{id}/reply', '/requests/open/reply', 409],
      ['/', '/', 200],
      ['/', '/', 303, { headers: { accept: 'text/html' } }],
      ['/livez', '/livez', 200],
      ['/readyz', '/readyz?verbose', 200],
      ['/metrics', '/metrics', 200],
      ['/version', '/version', 200],
      ['/openapi.json', '/openapi.json', 200],
      ['/docs', '/docs', 200],
      ['/docs/{file}', '/docs/swagger-ui.css', 200],
      ['/docs/{file}', '/docs/unknown', 404],
      ['/problems', '/problems', 200],
      ['/problems', '/problems', 200, { headers: { accept: 'application/json' } }],
      ['/problems/{code}', '/problems/INTERNAL', 200],
      ['/problems/{code}', '/problems/INTERNAL', 200, { headers: { accept: 'application/json' } }],
      ['/problems/{code}', '/problems/UNKNOWN', 404],
    ];
    for (const [path, given, statuses, options = {}] of calls) {
      const method = (options.method ?? 'GET').toLowerCase();
      const answer = await call(`${bench.url}${given}`, options);
      expect([statuses].flat(), `${method} ${given}: ${answer.text().slice(0, 300)}`).to.include(
        answer.status,
      );
      check(path, method === 'head' ? 'get' : method, answer);
    }
  }).timeout(60_000);
});
