import { expect } from 'chai';
import { errorKinds } from '#core/error-kinds.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { rawCall, rawRequest } from '../support/raw-http.js';

const strict = "default-src 'none';frame-ancestors 'none';sandbox";

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
