import { expect } from 'chai';
import { allRights, newCaller } from '../support/access.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { HttpAnswer } from '../support/http.js';
import { faultOf, problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('who may call, over HTTP', () => {
  const [shop, bank, reader] = [newCaller(), newCaller(), newCaller()];
  const bench = lockedBench(() => [
    {
      name: 'shop',
      token: shop.hash,
      queues: ['orders.*', 'who.*'],
      replyTo: ['answers.*'],
      projects: ['summer*'],
    },
    { name: 'bank', token: bank.hash, ...allRights },
    { name: 'reader', token: reader.hash },
  ]);

  const ask = (queue: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    bench.ask(queue, { prefer: 'respond-async', ...headers });

  it('takes the call of a known token, and gives its reply', async () => {
    const queue = uniqueName('orders');
    await bench.serve(`orders.${queue}`, () => ({ ok: true }));
    const answer = await bench.ask(`orders.${queue}`, { ...shop.headers, prefer: 'wait=10' });
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.json()).to.deep.equal({ ok: true });
  });

  happens(
    'HTTP',
    'a call without a token, where callers have to log in',
    '401 with `WWW-Authenticate`, nothing stored',
    async () => {
      const answer = await ask('orders.x');
      expect(faultOf(answer, 401, 'NOT_AUTHENTICATED').field).to.equal('Authorization');
      expect(answer.headers['www-authenticate']).to.equal('Bearer realm="replyto"');
    },
  );

  const wrong = {
    'an unknown token': `Bearer ${newCaller().token}`,
    'a token with a letter more': `Bearer ${shop.token}x`,
    'a token without its end': `Bearer ${shop.token.slice(0, -1)}`,
    'the hash that stands in the file': `Bearer ${shop.hash.slice('sha256:'.length)}`,
    'no token after the scheme': 'Bearer ',
    'two tokens': `Bearer ${shop.token} ${bank.token}`,
    'a token of 20,000 characters': `Bearer ${'x'.repeat(20_000)}`,
  };
  for (const [what, authorization] of Object.entries(wrong)) {
    it(`refuses ${what} with 401, and shows nothing of it`, async () => {
      const answer = await ask('orders.x', { authorization });
      expect(faultOf(answer, 401, 'NOT_AUTHENTICATED')).to.not.have.property('value');
      expect(answer.headers['www-authenticate']).to.equal('Bearer realm="replyto", error="invalid_token"');
    });
  }

  happens(
    'HTTP',
    'another scheme than Bearer in `Authorization`',
    '401 that asks for Bearer, without an `error` (RFC 6750, 3.1)',
    async () => {
      for (const scheme of ['Basic', 'Digest', 'Bearerish']) {
        const credentials = Buffer.from(`shop:${shop.token}`).toString('base64');
        const answer = await ask('orders.x', { authorization: `${scheme} ${credentials}` });
        expect(faultOf(answer, 401, 'NOT_AUTHENTICATED')).to.not.have.property('value');
        expect(answer.headers['www-authenticate']).to.equal('Bearer realm="replyto"');
      }
    },
  );

  happens(
    'HTTP',
    '`Authorization` given twice, be it equal or not, also where a WebSocket is asked for',
    '400 naming it, no token is shown, nothing stored',
    async () => {
      const of = (caller: typeof shop): string => `Authorization: ${caller.headers.authorization}`;
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
      for (const other of [shop, bank]) {
        for (const bytes of [
          rawRequest('POST /requests/orders.x', [of(shop), of(other)], '{}'),
          rawRequest('GET /broker', [...upgrade, of(shop), of(other)]),
        ]) {
          const answer = await rawCall(bench.port, bytes);
          expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
            field: 'Authorization',
            allowed: 'given once',
          });
        }
      }
    },
  );

  happens('HTTP', 'a wrong token', '401 `NOT_AUTHENTICATED`, the token is not shown', async () => {
    const answer = await ask('orders.x', { authorization: `Bearer ${newCaller().token}` });
    problemOf(answer, 401, 'NOT_AUTHENTICATED');
  });

  happens(
    'HTTP',
    'a queue that the name has no right to ask',
    '403 `NOT_PERMITTED`, naming the queue',
    async () => {
      expect(faultOf(await ask('money.send', shop.headers), 403, 'NOT_PERMITTED')).to.include({
        field: 'queue',
        value: 'money.send',
      });
    },
  );

  happens(
    'HTTP',
    'a `Reply-To` that the name has no right to',
    '403 `NOT_PERMITTED`, naming `Reply-To`',
    async () => {
      const answer = await ask('orders.x', { ...shop.headers, 'reply-to': 'money.answers' });
      expect(faultOf(answer, 403, 'NOT_PERMITTED')).to.include({ field: 'Reply-To', value: 'money.answers' });
    },
  );

  happens(
    'HTTP',
    'a `Project` that the name has no right to',
    '403 `NOT_PERMITTED`, naming `Project`',
    async () => {
      const answer = await ask('orders.x', { ...shop.headers, project: 'winter' });
      expect(faultOf(answer, 403, 'NOT_PERMITTED')).to.include({ field: 'Project', value: 'winter' });
    },
  );

  it('takes the Reply-To and the project that a name has a right to, and needs none for one-way', async () => {
    const allowed = { ...shop.headers, 'reply-to': 'answers.x', project: 'summer sale' };
    expect((await ask('orders.allowed', allowed)).status).to.equal(202);
    expect((await ask('orders.allowed', { ...shop.headers, 'reply-to': 'none' })).status).to.equal(202);
  });

  it('lets nobody ask the own queues of the product, whatever the rights', async () => {
    const own = `${bench.gateway.prefix}.replies`;
    problemOf(await ask(own, bank.headers), 403, 'DESTINATION_NOT_ALLOWED');
  });

  it('gives a name without rights nothing but what is its own', async () => {
    problemOf(await ask('orders.x', reader.headers), 403, 'NOT_PERMITTED');
    const list = await call(`${bench.url}/requests`, { headers: reader.headers });
    expect(list.json()).to.deep.equal({ requests: [] });
  });

  it('stores and sends nothing of a call that it refuses', async () => {
    const queue = `who.${uniqueName('quiet')}`;
    const received = await bench.listen(queue);
    const id = { 'message-id': uniqueName('refused') };
    await ask(queue, id);
    await ask(queue, { ...id, authorization: `Bearer ${newCaller().token}` });
    await ask(queue, { ...id, ...shop.headers, project: 'winter' });
    await ask(queue, { ...id, ...reader.headers });
    const done = await bench.ask(queue, {
      ...shop.headers,
      'message-id': `${queue}-last`,
      'reply-to': 'none',
    });
    expect(done.status, done.text()).to.equal(202);
    await until(() => received.length > 0, { what: 'the message of the good call' });
    expect(received.map(({ messageId }) => messageId)).to.deep.equal([`${queue}-last`]);
    for (const { headers } of [shop, bank]) {
      problemOf(
        await call(`${bench.url}/requests/${id['message-id']}`, { headers }),
        404,
        'REQUEST_NOT_FOUND',
      );
    }
  });

  it('refuses a call before its body has come', async () => {
    const connection = await openRawHttp(bench.port);
    try {
      connection.write('POST /requests/orders.x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun');
      expect((await connection.answer()).status).to.equal(401);
    } finally {
      connection.destroy();
    }
  });

  describe('without a token', () => {
    for (const path of [
      '/livez',
      '/readyz',
      '/readyz?verbose',
      '/docs',
      '/docs/start.js',
      '/dashboard/status',
      '/dashboard/requests/x',
      '/dashboard/assets/style.css',
      '/problems',
      '/problems/NOT_PERMITTED',
      '/openapi.json',
      '/version',
    ]) {
      it(`GET ${path} is open`, async () => {
        expect((await call(bench.url + path)).status).to.equal(200);
      });
    }

    it('GET / shows the way to what is open', async () => {
      expect((await call(`${bench.url}/`)).status).to.equal(200);
    });

    for (const path of [
      '/metrics',
      '/requests',
      '/requests/x',
      '/requests/x/reply',
      '/requests/x/events',
      '/status',
      '/status/x',
      '/nowhere',
      '//livez',
      '/LIVEZ',
    ]) {
      it(`GET ${path} is closed`, async () => {
        problemOf(await call(bench.url + path), 401, 'NOT_AUTHENTICATED');
      });
    }

    it('a POST is closed even where a GET is open', async () => {
      for (const path of ['/docs', '/version', '/orion/workflow/create']) {
        problemOf(await post(bench.url + path, '{}'), 401, 'NOT_AUTHENTICATED');
      }
    });

    it('the version says nothing of the surroundings, and the description names no route', async () => {
      const open = await call(`${bench.url}/version`);
      expect(Object.keys(open.json())).to.deep.equal(['name', 'version']);
      const known = await call(`${bench.url}/version`, { headers: shop.headers });
      expect(known.json()).to.include.all.keys('node', 'broker', 'brokerUrl');
      const pathsOf = async (headers: Record<string, string>): Promise<string[]> => {
        const answer = await call(`${bench.url}/openapi.json`, { headers });
        return Object.keys(answer.json<{ paths: object }>().paths);
      };
      const route = '/{service}/{resource}/{action}';
      expect(await pathsOf({}))
        .to.include('/requests')
        .and.not.include(route);
      expect(await pathsOf({ ...shop.headers })).to.include(route);
    });

    it('a wrong token is refused also where more would be told to a good one', async () => {
      const headers = { authorization: `Bearer ${newCaller().token}` };
      problemOf(await call(`${bench.url}/version`, { headers }), 401, 'NOT_AUTHENTICATED');
    });
  });

  it('gives the measures to any name', async () => {
    const answer = await call(`${bench.url}/metrics`, { headers: reader.headers });
    expect(answer.text()).to.contain('replyto_requests_accepted_total');
  });

  happens(
    'HTTP',
    '`?access_token=` at a resource that takes headers',
    '400 naming it, the token is not shown',
    async () => {
      for (const path of ['/requests', '/requests/x', '/metrics', '/nowhere']) {
        const answer = await call(`${bench.url}${path}?access_token=${shop.token}`);
        expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('?access_token');
        expect(answer.text()).not.to.contain(shop.token);
      }
    },
  );

  it('refuses a token that stands in the address twice, or besides the header', async () => {
    const url = `${bench.url}/requests/x/events?access_token=${shop.token}`;
    for (const answer of [
      await call(`${url}&access_token=${shop.token}`),
      await call(url, { headers: shop.headers }),
    ]) {
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('?access_token');
      expect(answer.text()).not.to.contain(shop.token);
    }
  });

  it('answers pipelined calls of several names each with its own', async () => {
    const id = uniqueName('pipelined');
    await ask('orders.p', { ...shop.headers, 'message-id': id });
    const connection = await openRawHttp(bench.port);
    try {
      const of = (caller: typeof shop): string =>
        rawRequest(`GET /requests/${id}`, [`Authorization: ${caller.headers.authorization}`]);
      connection.write(of(shop) + of(bank) + rawRequest(`GET /requests/${id}`, []) + of(shop));
      const statuses = [];
      for (let turn = 0; turn < 4; turn += 1) statuses.push((await connection.answer()).status);
      expect(statuses).to.deep.equal([200, 404, 401, 200]);
    } finally {
      connection.destroy();
    }
  });

  it('asks nobody who calls where there is no file of tokens, and takes no notice of a token', async () => {
    const open = await startGateway();
    try {
      const answer = await call(`${open.url}/requests`, { headers: { authorization: 'Bearer whatever' } });
      expect(answer.status).to.equal(200);
    } finally {
      await open.stop();
    }
  });
});
