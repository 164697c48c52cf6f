import { expect } from 'chai';
import fc from 'fast-check';
import type { RequestRecord, StoredReply } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import { bareGateway } from '../../support/bare-gateway.js';
import { call } from '../../support/http.js';
import type { HttpAnswer } from '../../support/http.js';
import { problemOf } from '../../support/http-bench.js';
import { openRawHttp, rawRequest } from '../../support/raw-http.js';

/** What says how a message is framed and how its connection goes on (RFC 9110, 7.6.1; RFC 9112, 6). */
const framing = [
  ...['trailer', 'transfer-encoding', 'content-length', 'content-encoding', 'content-range', 'content-type'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect', 'host'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'http2-settings'],
];

/** What a client or a cache obeys. */
const obeyed = [
  ...['set-cookie', 'location', 'refresh', 'link', 'clear-site-data', 'access-control-allow-origin'],
  ...['access-control-allow-credentials', 'content-security-policy', 'strict-transport-security', 'alt-svc'],
  ...['cache-control', 'expires', 'age', 'etag', 'last-modified', 'vary', 'retry-after', 'www-authenticate'],
  ...['authentication-info', 'date', 'server', 'allow', 'accept-ranges', 'content-disposition', 'warning'],
  ...['message-id', 'correl-id', 'time', 'late', 'idempotent-replayed', 'preference-applied', '__proto__'],
];

function stored(parts: Partial<StoredReply>): StoredReply {
  return {
    requestId: 'asked',
    number: 1,
    messageId: 'answered',
    time: 1,
    contentType: 'text/plain',
    body: Buffer.from('the reply'),
    properties: {},
    applicationHeaders: {},
    fault: null,
    late: false,
    receivedAt: 1,
    ...parts,
  };
}

describe('the answer with a reply', () => {
  let reply = stored({});
  const start = bareGateway();
  const requestor = {
    follow: () => Promise.resolve({ record: { id: 'asked', queue: 'q' } as RequestRecord, reply }),
  } as unknown as GatewayContext['requestor'];

  async function answerWith(url: string, parts: Partial<StoredReply>): Promise<HttpAnswer> {
    reply = stored(parts);
    const answer = await call(`${url}/requests/asked/reply`);
    // Had it ended the process, nobody would say this.
    expect((await call(`${url}/livez`)).status).to.equal(200);
    return answer;
  }

  for (const name of [...framing, ...obeyed]) {
    it(`does not let ${name} of the reply out, and the process serves on`, async () => {
      const { url } = await start({ requestor });
      const usual = await answerWith(url, {});
      for (const value of ['x', 'trailers', 'chunked', '5', 'close']) {
        const applicationHeaders = Object.fromEntries([[name, value]]);
        const answer = await answerWith(url, { applicationHeaders });
        expect([answer.status, answer.text()]).to.deep.equal([200, 'the reply']);
        expect({ ...answer.headers, date: '' }).to.deep.equal({ ...usual.headers, date: '' });
        const fault = { code: 'OWN', message: 'as asked' };
        problemOf(await answerWith(url, { applicationHeaders, fault }), 502, 'REPLY_FAULT');
      }
    });
  }

  for (const status of [401, 405, 407, 426]) {
    it(`has 502 for a Fault of status ${status}, which is about the gateway itself`, async () => {
      const { url } = await start({ requestor });
      const fault = { code: 'OWN', message: 'as asked', status };
      const answer = await answerWith(url, { fault });
      expect(problemOf(answer, 502, 'REPLY_FAULT').fault).to.deep.equal(fault);
    });
  }

  for (const status of [429, 503]) {
    it(`has Retry-After with a Fault of status ${status} when it says that asking again may help`, async () => {
      const { url } = await start({ requestor });
      const fault = { code: 'OWN', message: 'as asked', status };
      const refused = await answerWith(url, { fault: { ...fault, retryable: true } });
      problemOf(refused, status, 'REPLY_FAULT');
      expect(refused.headers['retry-after']).to.match(/^\d+$/u);
      for (const other of [
        fault,
        { ...fault, retryable: false },
        { ...fault, retryable: true, status: 500 },
      ]) {
        expect((await answerWith(url, { fault: other })).headers).not.to.have.property('retry-after');
      }
    });
  }

  it('has the X- headers of the reply, but for those of proxies and those that are the own', async () => {
    const { url } = await start({ requestor });
    const answer = await answerWith(url, {
      applicationHeaders: {
        'x-note': 'größer',
        'X-Upper': 'taken',
        'x-content-type-options': 'off',
        'x-frame-options': 'off',
        'x-forwarded-for': '10.0.0.1',
        'x-accel-redirect': '/etc/passwd',
      },
    });
    expect(answer.headers).to.include({ 'x-upper': 'taken', 'x-content-type-options': 'nosniff' });
    expect(Buffer.from(answer.headers['x-note']!, 'latin1').toString()).to.equal('größer');
    expect(answer.headers['x-frame-options']).not.to.equal('off');
    expect(answer.headers).not.to.have.any.keys('x-forwarded-for', 'x-accel-redirect');
  });

  it('comes whole whatever headers the reply carries', async () => {
    const { url } = await start({ requestor });
    const name = fc.oneof(
      fc.constantFrom(...framing, ...obeyed),
      fc.string({ maxLength: 30 }),
      fc.string({ maxLength: 30 }).map((rest) => `x-${rest}`),
      fc.stringMatching(/^[xX]-[a-z0-9-]{1,20}$/u),
    );
    const value = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('', 'chunked', 'close', 'trailers', '100-continue', 'a\r\nSet-Cookie: b=c', '\u0000'),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 8 }), async (applicationHeaders) => {
        const answer = await answerWith(url, { applicationHeaders });
        expect([answer.status, answer.text()]).to.deep.equal([200, 'the reply']);
        expect(answer.headers).not.to.have.any.keys('set-cookie', 'trailer', 'transfer-encoding');
        expect(answer.headers['content-length']).to.equal('9');
      }),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('that cannot be written becomes a problem without what was there of it', async () => {
    const { url } = await start({ requestor });
    const answer = await answerWith(url, { messageId: 'line\nend', applicationHeaders: { 'x-note': '1' } });
    problemOf(answer, 500, 'INTERNAL');
    expect(answer.headers).not.to.have.any.keys('x-note', 'correl-id', 'message-id', 'time');
    expect(answer.headers).to.include({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });
});

describe('an answer that cannot even be a problem', () => {
  const start = bareGateway();

  it('ends its connection and nothing else', async () => {
    let isBroken = true;
    const { url, port } = await start({
      // Stands for whatever keeps every answer from being written, the problem too.
      accessLog: (_request, response) => {
        if (!isBroken) return;
        response.end = () => {
          throw new Error('spoiled');
        };
      },
    });
    const connection = await openRawHttp(port);
    connection.write(rawRequest('GET /livez', []));
    await connection.closed();
    connection.destroy();
    isBroken = false;
    expect((await call(`${url}/livez`)).status).to.equal(200);
  });
});
