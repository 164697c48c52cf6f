import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { rawCall, rawRequest } from '../support/raw-http.js';

const pages = ['/dashboard/status', '/dashboard/requests/some-id'];
const assets = [
  ...readdirSync(new URL('../../src/dashboard/browser', import.meta.url)).filter((name) =>
    /\.(?:js|css|svg)$/u.test(name),
  ),
  ...['preact.js', 'preact-hooks.js', 'htm.js', 'htm-preact.js', 'vocabulary.js'],
];

describe('/dashboard', () => {
  const bench = httpBench();

  it('leads to the page of status, with and without a slash at its end', async () => {
    for (const path of ['/dashboard', '/dashboard/']) {
      const { status, headers } = await call(bench.url + path);
      expect(status, path).to.equal(303);
      expect(new URL(headers['location']!, bench.url + path).pathname).to.equal('/dashboard/status');
    }
  });

  it('serves its pages as HTML under a policy of this server alone, without script or style in them', async () => {
    for (const path of [...pages, '/dashboard/requests/a%2Fb%3Cc', '/dashboard/status?project=x']) {
      const { status, headers, ...answer } = await call(bench.url + path);
      expect(status, path).to.equal(200);
      expect(headers['content-type']).to.equal('text/html; charset=utf-8');
      expect(headers['content-security-policy']).to.match(
        /^default-src 'none';script-src 'self' 'sha256-[A-Za-z0-9+/]{43}=';style-src 'self';img-src 'self';connect-src 'self';/u,
      );
      expect(headers['content-security-policy']).not.to.match(/unsafe|https?:|\*|data:/u);
      const text = answer.text();
      const [, ...scripts] = [...text.matchAll(/<script[^>]*>([^<]*)</gu)].map(([, body]) => body);
      expect(scripts).to.deep.equal(['']);
      expect(text).not.to.match(/<style|\sstyle=|\son\w+=|javascript:|https?:|a%2Fb|project=x/u);
    }
  });

  it('with a slash at the end of a page leads to the page without it', async () => {
    for (const path of ['/dashboard/status/?project=a%20b', '/dashboard/requests/a%2Fb/']) {
      const { status, headers } = await call(bench.url + path);
      expect(status, path).to.equal(308);
      const expected = new URL(path.replace(/\/(?=$|\?)/u, ''), bench.url).href;
      expect(new URL(headers['location']!, bench.url + path).href).to.equal(expected);
    }
  });

  it('serves every file that a page or a script names, each with its type', async () => {
    const types: Record<string, string> = {
      js: 'text/javascript; charset=utf-8',
      css: 'text/css; charset=utf-8',
      svg: 'image/svg+xml',
    };
    for (const name of assets) {
      const { status, headers, ...answer } = await call(`${bench.url}/dashboard/assets/${name}`);
      expect(status, name).to.equal(200);
      expect(headers['content-type'], name).to.equal(types[name.split('.').at(-1)!]);
      expect(headers['content-security-policy'], name).to.contain("default-src 'none'");
      expect(headers['x-content-type-options']).to.equal('nosniff');
      for (const [, other] of answer.text().matchAll(/from '\.\/([\w.-]+)'/gu))
        expect(assets).to.include(other);
    }
    for (const path of pages) {
      const text = (await call(bench.url + path)).text();
      const named = [
        ...text.matchAll(/(?:href|src|":)="?"?([^",{}>]+\.\w+)"/gu),
        ...text.matchAll(/":"([^"]+)"/gu),
      ];
      expect(named.length).to.be.greaterThan(6);
      for (const [, address = ''] of named) {
        const file = await call(new URL(address, bench.url + path).href);
        expect(file.status, `${path}: ${address}`).to.equal(200);
      }
    }
  });

  it('sends a page or a file again only when it has changed', async () => {
    for (const path of [...pages, '/dashboard/assets/style.css', '/dashboard/assets/preact.js']) {
      const first = await call(bench.url + path);
      const etag = first.headers['etag']!;
      expect(etag).to.match(/^"[\w-]{22}"$/u);
      expect(first.headers['cache-control']).to.equal('no-cache');
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await call(bench.url + path, { headers: { 'if-none-match': known } });
        expect([again.status, again.body.byteLength], `${path} ${known}`).to.deep.equal([304, 0]);
        expect(again.headers['etag']).to.equal(etag);
      }
      const other = await call(bench.url + path, { headers: { 'if-none-match': '"other"' } });
      expect(other.body.equals(first.body)).to.equal(true);
    }
  });

  it('answers HEAD with the head of GET', async () => {
    for (const path of [...pages, '/dashboard/assets/icon.svg']) {
      const get = await call(bench.url + path);
      const head = await call(bench.url + path, { method: 'HEAD' });
      expect([head.status, head.body.byteLength], path).to.deep.equal([200, 0]);
      for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy']) {
        expect(head.headers[name], name).to.equal(get.headers[name]);
      }
    }
  });

  it('only reads: other methods get 405', async () => {
    for (const path of ['/dashboard', ...pages, '/dashboard/assets/icon.svg']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
        const answer = await call(bench.url + path, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
        faultOf(answer, 405, 'METHOD_NOT_ALLOWED');
        expect(answer.headers['allow']).to.equal('GET, HEAD, OPTIONS');
      }
    }
  });

  it('has no other file of its folder, of its packages or of this machine', async () => {
    for (const path of [
      ...[
        '/dashboard/other',
        '/dashboard/requests',
        '/dashboard/requests/a/b',
        '/dashboard/status/x',
        '/Dashboard/status',
      ],
      ...[
        'tsconfig.json',
        'vocabulary.d.ts',
        'package.json',
        '__proto__',
        'toString',
        'style.css%00.js',
        '',
      ].map((file) => `/dashboard/assets/${file}`),
      ...[
        '..%2fdashboard.js',
        '%2e%2e',
        '..%2f..%2f..%2fetc%2fpasswd',
        '../assets.ts',
        '/etc/passwd',
        '..%5cpage.js',
      ].map((file) => `/dashboard/assets/${file}`),
    ]) {
      // As it stands: a client would resolve the dots.
      const answer = await rawCall(bench.port, rawRequest(`GET ${path}`, []));
      problemOf(answer, 404, 'ROUTE_NOT_FOUND');
    }
  });
});
