import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import { errorKinds } from '#core/error-kinds.js';
import { answerHeaders } from '#gateway/openapi/headers.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer, HttpCall } from '../support/http.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import type { ApiAnswer, ApiDescription } from '../support/openapi.js';
import { operationsOf, schemaCompiler } from '../support/openapi.js';
import { rawCall, rawRequest } from '../support/raw-http.js';

const strict = "default-src 'none';frame-ancestors 'none';sandbox";

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

describe('/', () => {
  const bench = httpBench();

  it('leads browsers to the page of the description', async () => {
    for (const accept of ['text/html', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8']) {
      const answer = await call(bench.url, { headers: { accept } });
      expect([answer.status, answer.text()]).to.deep.equal([303, '']);
      expect(answer.headers).to.include({ location: '/docs', vary: 'Accept' });
    }
    const page = await call(new URL('/docs', bench.url).href, { headers: { accept: 'text/html' } });
    expect(page.status).to.equal(200);
  });

  it('tells programs where things are, and each of them is there', async () => {
    for (const accept of [undefined, '*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const answer = await call(bench.url, accept === undefined ? {} : { headers: { accept } });
      expect(answer.status, accept).to.equal(200);
      expect(answer.headers).to.include({ 'content-type': 'application/json', vary: 'Accept' });
      const document = answer.json<{ name: string; links: Record<string, string> }>();
      expect(document).to.have.all.keys('name', 'links');
      expect(document.name).to.equal('replyto');
      expect(document.links).to.have.all.keys('dashboard', 'docs', 'openapi', 'requests', 'readyz');
      for (const path of Object.values(document.links)) {
        expect((await call(`${bench.url}${path}`)).status, path).to.equal(200);
      }
    }
  });
});

describe('/docs', () => {
  const bench = httpBench();

  it('is a page without a script or a style of its own, under a policy of this server alone', async () => {
    const answer = await call(`${bench.url}/docs`);
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.equal('text/html; charset=utf-8');
    const page = answer.text();
    for (const [, body] of page.matchAll(/<(?:script|style)[^>]*>([^<]*)</gu)) expect(body).to.equal('');
    expect(page).not.to.match(/\son\w+=|javascript:|style=/u);
    const policy = new Map(
      answer.headers['content-security-policy']!.split(';').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(Object.fromEntries(policy)).to.deep.equal({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
  });

  it('loads every file from here, by a relative address, with the right type', async () => {
    const page = (await call(`${bench.url}/docs`)).text();
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/gu)].map(([, address = '']) => address);
    expect(addresses).to.have.members([
      'docs/swagger-ui.css',
      'docs/favicon-32x32.png',
      'docs/swagger-ui-bundle.js',
      'docs/start.js',
      'openapi.json',
    ]);
    const types: Record<string, RegExp> = {
      css: /^text\/css/u,
      png: /^image\/png$/u,
      js: /^text\/javascript/u,
      json: /^application\/json$/u,
    };
    for (const name of ['127.0.0.1', 'localhost']) {
      for (const address of addresses) {
        const file = await call(new URL(address, `http://${name}:${bench.port}/docs`).href);
        expect(file.status, address).to.equal(200);
        expect(file.headers['content-type'], address).to.match(types[address.split('.').at(-1)!]!);
        expect(file.headers['x-content-type-options']).to.equal('nosniff');
        expect(file.body.byteLength, address).to.be.greaterThan(50);
      }
    }
  });

  it('starts with the description of this server and asks nobody else', async () => {
    const start = (await call(`${bench.url}/docs/start.js`)).text();
    expect(start).to.include("url: 'openapi.json'").and.to.include('validatorUrl: null');
    expect(start).not.to.match(/https?:|\/\//u);
    const style = (await call(`${bench.url}/docs/swagger-ui.css`)).text();
    for (const [, address] of style.matchAll(/url\(["']?([^"')]{1,20})/gu))
      expect(address).to.match(/^data:/u);
    expect(style).not.to.include('@import');
  });

  it('gives its files whole, whatever part of them is asked for', async () => {
    const file = `${bench.url}/docs/swagger-ui.css`;
    const whole = await call(file);
    for (const range of ['bytes=0-9', 'bytes=999999999-', 'bytes=rubbish']) {
      const answer = await call(file, { headers: { range } });
      expect(answer.status, range).to.equal(200);
      expect(answer.body.equals(whole.body), range).to.equal(true);
    }
  });

  it('gives its files under conditions', async () => {
    const file = `${bench.url}/docs/swagger-ui.css`;
    const modified = (await call(file)).headers['last-modified']!;
    expect((await call(file, { headers: { 'if-modified-since': modified } })).status).to.equal(304);
    expect((await call(file, { headers: { 'if-unmodified-since': modified } })).status).to.equal(200);
    expect((await call(file, { headers: { 'if-match': '*' } })).status).to.equal(200);
    for (const headers of [
      { 'if-match': '"other"' },
      { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
    ]) {
      const problem = problemOf(await call(file, { headers }), 412, 'INVALID_REQUEST');
      expect(problem.problems).to.have.lengthOf(1);
      expect(problem.problems![0]!.field).to.equal('If-Match or If-Unmodified-Since');
    }
  });

  it('with a slash at its end leads to the page without it', async () => {
    const answer = await call(`${bench.url}/docs/`);
    expect(answer.status).to.equal(308);
    expect(new URL(answer.headers['location']!, `${bench.url}/docs/`).href).to.equal(`${bench.url}/docs`);
  });

  it('gives no other file of its package or of this machine', async () => {
    for (const file of [
      'package.json',
      'index.html',
      'swagger-ui-bundle.js.map',
      '..%2fpackage.json',
      '%2e%2e',
      '..%2f..%2f..%2fetc%2fpasswd',
    ]) {
      // As it stands: a client would resolve the dots.
      problemOf(await rawCall(bench.port, rawRequest(`GET /docs/${file}`, [])), 404, 'ROUTE_NOT_FOUND');
    }
  });

  it('is the one exception: everything else keeps its strict policy', async () => {
    const queue = uniqueName('policy');
    await bench.ask(queue, { prefer: 'respond-async', 'message-id': queue });
    for (const path of [
      '/requests',
      `/requests/${queue}`,
      '/nothing',
      '/livez',
      '/openapi.json',
      '/docs/start.js',
      '/docs/swagger-ui-bundle.js',
      '/problems/x',
    ]) {
      const { headers } = await call(`${bench.url}${path}`);
      expect(headers['content-security-policy'], path).to.equal(strict);
      expect(headers['x-content-type-options'], path).to.equal('nosniff');
    }
  });
});

describe('/problems', () => {
  const bench = httpBench();
  const codes = Object.keys(errorKinds);

  it('lists every code as a page and as JSON', async () => {
    const page = await call(`${bench.url}/problems`);
    expect(page.headers['content-type']).to.equal('text/html; charset=utf-8');
    const links = [...page.text().matchAll(/href="\/problems\/(\w+)"/gu)].map(([, code]) => code);
    expect(links).to.deep.equal(codes);
    const list = await call(`${bench.url}/problems`, { headers: { accept: 'application/json' } });
    expect(list.headers).to.include({ 'content-type': 'application/json', vary: 'Accept' });
    expect(list.json<{ problems: { code: string }[] }>().problems.map(({ code }) => code)).to.deep.equal(
      codes,
    );
  });

  it('has a page for each code, with its status, its meaning and what to do', async () => {
    for (const code of codes) {
      const page = await call(`${bench.url}/problems/${code}`);
      expect(page.status, code).to.equal(200);
      expect(page.text()).to.include(`<h1><code>${code}</code></h1>`).and.to.include('What to do');
      // Nothing of the texts is taken for a tag.
      expect([
        ...page
          .text()
          .matchAll(/<(?!\/?(?:html|head|meta|title|style|body|h1|p|dl|dt|dd|code|a)\b|!doctype)/gu),
      ]).to.deep.equal([]);
      const json = await call(`${bench.url}/problems/${code}`, { headers: { accept: 'application/json' } });
      expect(json.json()).to.include({ code, type: `/problems/${code}` });
    }
  });

  it('lets its pages have their one style and nothing else', async () => {
    const { headers } = await call(`${bench.url}/problems/INTERNAL`);
    expect(headers['content-security-policy']).to.match(
      /^default-src 'none';style-src 'sha256-[A-Za-z0-9+/]{43}=';base-uri 'none';form-action 'none';frame-ancestors 'none';sandbox$/u,
    );
  });

  it('shows a page to browsers and to who accepts anything', async () => {
    for (const accept of ['text/html,application/xhtml+xml,*/*;q=0.8', '*/*', 'image/png']) {
      const page = await call(`${bench.url}/problems/INTERNAL`, { headers: { accept } });
      expect(page.headers['content-type'], accept).to.equal('text/html; charset=utf-8');
    }
  });

  it('answers 404 for a code that does not exist', async () => {
    for (const code of ['NO_SUCH_CODE', 'internal', '%3Cscript%3E', 'toString']) {
      const problem = problemOf(await call(`${bench.url}/problems/${code}`), 404, 'ROUTE_NOT_FOUND');
      expect(problem.detail).to.include('/problems lists them all');
    }
  });

  it('is where the type of every problem leads', async () => {
    const problem = problemOf(await call(`${bench.url}/nothing`), 404, 'ROUTE_NOT_FOUND');
    const page = await call(new URL(problem.type, `${bench.url}/nothing`).href);
    expect(page.status).to.equal(200);
    expect(page.text()).to.include('ROUTE_NOT_FOUND');
  });
});
