import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import { queueReader } from '../support/queue-reader.js';

const digestOf = (body: string | Buffer, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): string =>
  `${algorithm}=:${createHash(algorithm.replace('-', '')).update(body).digest('base64')}:`;

describe('Content-Digest of a call', () => {
  const bench = httpBench();
  const { lease, urlOf } = queueReader(bench);

  const send = (path: string, body: string | Buffer, headers: Record<string, string>): Promise<HttpAnswer> =>
    call(path.startsWith('http') ? path : bench.url + path, { method: 'POST', body, headers });

  happens(
    'HTTP',
    'a `Content-Digest` that is not the one of the body, or is none, wherever a message is posted',
    '400 that names the header and the digest of what came, nothing stored or sent',
    async () => {
      const queue = uniqueName('digest');
      const received = await bench.listen(queue);
      const paths: readonly (readonly [string, Record<string, string>])[] = [
        [`/requests/${queue}`, {}],
        [`/queues/${queue}/messages`, {}],
      ];
      for (const [path, headers] of paths) {
        for (const { given, allowed } of [
          { given: digestOf('other'), allowed: `${digestOf('body')}, the digest of the body that came` },
          {
            given: `${digestOf('body')}, ${digestOf('other', 'sha-512')}`,
            allowed: `${digestOf('body', 'sha-512')}, the digest of the body that came`,
          },
          {
            given: 'SHA-256=abc',
            allowed: 'sha-256=:BASE64: or sha-512=:BASE64:, as RFC 9530 writes it',
          },
        ]) {
          const answer = await send(path, 'body', { ...headers, 'content-digest': given });
          const fault = faultOf(answer, 400, 'INVALID_REQUEST');
          expect(fault, path).to.deep.equal({ field: 'Content-Digest', value: given, allowed });
        }
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  it('is not compared for a reply, whose service may have copied the headers of the message', async () => {
    const queue = uniqueName('digest');
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
    const leased = await lease(queue);
    const given = { 'content-digest': leased.headers['content-digest'] ?? '' };
    expect(given['content-digest']).to.match(/^sha-256=/u);
    expect((await send(`${urlOf(leased)}/reply`, 'done', given)).status).to.equal(202);
    await bench.reaches(queue, 'replied');
  });

  it('is taken when it is right, in one algorithm or both, of the bytes as they are sent', async () => {
    const packed = gzipSync('body');
    for (const [body, headers] of [
      ['body', { 'content-digest': digestOf('body') }],
      ['body', { 'content-digest': `${digestOf('body', 'sha-512')};a=1,${digestOf('body')}` }],
      ['', { 'content-digest': digestOf('') }],
      [packed, { 'content-digest': digestOf(packed), 'content-encoding': 'gzip' }],
      ['body', { 'content-digest': 'md5=:AAAA:, unixsum=:AAAA:' }],
      ['body', { 'content-digest': `sha-256=:AAAA:, ${digestOf('body')}` }],
    ] as const) {
      const answer = await send(`/requests/${uniqueName('digest')}`, body, {
        ...headers,
        prefer: 'respond-async',
      });
      expect(answer.status, answer.text()).to.equal(202);
    }
    const ofUnpacked = { 'content-digest': digestOf('body'), 'content-encoding': 'gzip' };
    const answer = await send(`/requests/${uniqueName('digest')}`, packed, ofUnpacked);
    expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Content-Digest');
  });
});
