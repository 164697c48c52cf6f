import { expect } from 'chai';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEvents } from '../support/event-source.js';
import { freePort } from '../support/free-port.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, problemOf } from '../support/http-bench.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function makeKey(kid: string, algorithm = 'ES256'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm } };
}

describe('callers with the JWTs of an issuer', () => {
  const folder = temporaryFolder();
  const issuer = 'https://login.example/';
  let key: Key;
  let published: readonly JWK[] = [];
  let fetches = 0;
  let keyServer: Server | undefined;
  let gateway: TestGateway | undefined;

  before(async () => {
    key = await makeKey('first');
  });
  beforeEach(() => {
    published = [key.jwk];
    fetches = 0;
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
    await closeKeys();
  });

  async function serveKeys(given?: number): Promise<number> {
    const port = given ?? (await freePort());
    const server = createServer((_request, response) => {
      fetches += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: published }));
    });
    keyServer = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return port;
  }
  async function closeKeys(): Promise<void> {
    const server = keyServer;
    keyServer = undefined;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }
  async function start(settings: Record<string, string> = {}): Promise<TestGateway> {
    const source =
      'REPLYTO_JWT__JWKS_FILE' in settings
        ? {}
        : { REPLYTO_JWT__JWKS_URL: `http://127.0.0.1:${await serveKeys()}/keys` };
    gateway = await startGateway({
      settings: { REPLYTO_JWT__ISSUER: issuer, REPLYTO_JWT__AUDIENCE: 'replyto', ...source, ...settings },
    });
    return gateway;
  }

  interface Signing {
    readonly by?: Key;
    readonly algorithm?: string;
    readonly kid?: string | undefined;
  }
  const now = (): number => Math.floor(Date.now() / 1_000);
  const good = (): JWTPayload => ({
    iss: issuer,
    aud: 'replyto',
    sub: 'shop',
    exp: now() + 600,
    replyto_queues: ['orders.*'],
    replyto_reply_to: 'answers.* other',
    replyto_projects: [],
  });
  function sign(
    claims: Readonly<Record<string, unknown>> = {},
    { by = key, algorithm = 'ES256', ...rest }: Signing = {},
  ): Promise<string> {
    const kid = 'kid' in rest ? rest.kid : by.kid;
    const payload = Object.fromEntries(
      Object.entries({ ...good(), ...claims }).filter(([, value]) => value !== undefined),
    );
    return new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, ...(kid === undefined ? {} : { kid }) })
      .sign(by.privateKey);
  }
  const get = (token: string, path = '/requests'): Promise<HttpAnswer> =>
    call(`${gateway?.url ?? ''}${path}`, { headers: { authorization: `Bearer ${token}` } });
  async function refused(token: string): Promise<string> {
    const answer = await get(token);
    const fault = faultOf(answer, 401, 'NOT_AUTHENTICATED');
    expect(answer.headers['www-authenticate']).to.equal('Bearer realm="replyto", error="invalid_token"');
    expect(answer.text()).not.to.contain(token.split('.')[1]);
    return `${fault.field}: ${fault.allowed}`;
  }

  it('have the name and the rights of their claims', async () => {
    const { url } = await start();
    const token = await sign();
    const ask = (queue: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
      call(`${url}/requests/${queue}`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${token}`, prefer: 'respond-async', ...headers },
      });
    expect((await ask('orders.x', { 'reply-to': 'answers.x', 'message-id': 'mine' })).status).to.equal(202);
    problemOf(await ask('money.x'), 403, 'NOT_PERMITTED');
    problemOf(await ask('orders.x', { project: 'p' }), 403, 'NOT_PERMITTED');
    expect((await get(await sign({ jti: 'another token of the name' }), '/requests/mine')).status).to.equal(
      200,
    );
    problemOf(await get(await sign({ sub: 'bank' }), '/requests/mine'), 404, 'REQUEST_NOT_FOUND');
  });

  happens(
    'HTTP',
    'a JWT that has expired, or is for somebody else, or by somebody else',
    '401, naming what is wrong, without the token',
    async () => {
      await start();
      const stranger = await makeKey('first');
      expect(await refused(await sign({ exp: now() - 60 }))).to.contain('has not expired');
      expect(await refused(await sign({ exp: undefined }))).to.contain("'exp'");
      expect(await refused(await sign({ nbf: now() + 60 }))).to.contain("'nbf'");
      expect(await refused(await sign({ aud: 'other' }))).to.contain("'aud'");
      expect(await refused(await sign({ iss: 'other' }))).to.contain("'iss'");
      expect(await refused(await sign({ sub: undefined }))).to.contain("'sub'");
      expect(await refused(await sign({}, { by: stranger }))).to.contain('signature');
      expect(await refused(await sign({ sub: ' x' }))).to.contain('claim sub');
      expect(await refused(await sign({ replyto_queues: ['a', '#'] }))).to.contain('claim replyto_queues');
      expect(await refused(await sign({ replyto_queues: 7 }))).to.contain('claim replyto_queues');
      expect((await get(await sign({ exp: now() - 2 }))).status, 'within the tolerance').to.equal(200);
    },
  );

  happens(
    'HTTP',
    'a JWT without a signature, or signed with a shared secret or the public key as one',
    '401: only key pairs are taken',
    async () => {
      await start();
      const unsigned = new UnsecuredJWT(good()).encode();
      expect(await refused(unsigned)).to.match(/^Authorization: /u);
      const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
      const shared = await new SignJWT(good())
        .setProtectedHeader({ alg: 'HS256', kid: 'first' })
        .sign(secret);
      expect(await refused(shared)).to.contain('signed by');
      const other = await makeKey('es384', 'ES384');
      published = [key.jwk, other.jwk];
      expect(await refused(await sign({}, { by: other, algorithm: 'ES384' }))).to.contain('signed by');
    },
  );

  it('are checked against every key that may be meant where a token names none', async () => {
    const second = await makeKey('second');
    published = [key.jwk, second.jwk];
    await start();
    expect((await get(await sign({}, { by: second, kid: undefined }))).status).to.equal(200);
    expect((await get(await sign({}, { kid: undefined }))).status).to.equal(200);
    const stranger = await makeKey('stranger');
    expect(await refused(await sign({}, { by: stranger, kid: undefined }))).to.contain('signature');
  });

  it('cost one fetch of the keys, and are checked once while they come again and again', async () => {
    await start();
    const token = await sign();
    for (let turn = 0; turn < 20; turn += 1) expect((await get(token)).status).to.equal(200);
    await Promise.all(Array.from({ length: 20 }, async () => get(await sign({ jti: uniqueName('t') }))));
    expect(fetches).to.equal(1);
  });

  it('may be signed with a new key, and with the old one no longer when it is withdrawn', async () => {
    const keys = join(folder(), 'keys.json');
    await writeFile(keys, JSON.stringify({ keys: [key.jwk] }));
    await start({ REPLYTO_JWT__JWKS_FILE: keys });
    const old = await sign();
    expect((await get(old)).status).to.equal(200);
    const second = await makeKey('second');
    await writeFile(keys, JSON.stringify({ keys: [second.jwk] }));
    const fresh = await sign({}, { by: second });
    await until(async () => (await get(fresh)).status === 200, { what: 'the new key' });
    expect(await refused(old)).to.contain('publishes');
    await writeFile(keys, '{"keys":');
    expect((await get(fresh)).status).to.equal(200);
  });

  it('may be signed with a key that the issuer has published since', async () => {
    await start();
    expect((await get(await sign())).status).to.equal(200);
    const second = await makeKey('second');
    published = [key.jwk, second.jwk];
    const token = await sign({}, { by: second });
    // Keys that are not known are looked for every five seconds at most, or made-up ids would flood the issuer.
    await until(async () => (await get(token)).status === 200, { what: 'the new key' });
    expect(fetches).to.equal(2);
  });

  happens(
    'HTTP',
    'the keys of the issuer of JWTs cannot be fetched',
    '503 `AUTHENTICATION_UNAVAILABLE` with `Retry-After`, 200 when they can; the start does not wait for them',
    async () => {
      const port = await serveKeys();
      await closeKeys();
      gateway = await startGateway({
        settings: {
          REPLYTO_JWT__ISSUER: issuer,
          REPLYTO_JWT__AUDIENCE: 'replyto',
          REPLYTO_JWT__JWKS_URL: `http://127.0.0.1:${port}/keys`,
        },
      });
      const token = await sign();
      const away = await get(token);
      problemOf(away, 503, 'AUTHENTICATION_UNAVAILABLE');
      expect(away.headers['retry-after']).to.match(/^\d+$/u);
      expect((await call(`${gateway.url}/livez`)).status).to.equal(200);
      problemOf(await get('no-jwt-at-all-but-long-enough-to-be-a-token'), 401, 'NOT_AUTHENTICATED');
      await serveKeys(port);
      await until(async () => (await get(token)).status === 200, { what: 'the keys' });
    },
  );

  happens(
    'HTTP',
    'JWTs with made-up key ids while their issuer is away',
    '503 for those alone; whoever signs with a key that was fetched in the last ten minutes is served',
    async function () {
      this.timeout(60_000);
      await start();
      expect((await get(await sign())).status).to.equal(200);
      await closeKeys();
      const madeUp = await sign({}, { by: await makeKey('made-up') });
      // Its key is asked for only some seconds after the last fetch.
      await until(async () => (await get(madeUp)).status === 503, {
        what: 'the issuer to be missed',
      });
      expect((await get(await sign({ sub: 'bank' }))).status).to.equal(200);
    },
  );

  it('end their event streams when they expire', async () => {
    const { url } = await start({ REPLYTO_JWT__CLOCK_TOLERANCE_MS: '0' });
    const lasting = await sign();
    const headers = { authorization: `Bearer ${lasting}`, 'message-id': 'watched', prefer: 'respond-async' };
    await call(`${url}/requests/orders.w`, { method: 'POST', body: '{}', headers });
    const short = await sign({ exp: now() + 3 });
    const stream = await openEvents(`${url}/requests/watched/events?access_token=${short}`);
    try {
      expect(stream.status).to.equal(200);
      await until(() => stream.isEnded, { what: 'the end of the stream' });
      expect(await refused(short)).to.contain('has not expired');
    } finally {
      stream.close();
    }
  });
});
