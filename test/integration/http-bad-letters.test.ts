import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';

/** Bad input for each parameter of dead letters, unmatched replies and deliveries. */
describe('bad calls about letters and deliveries', () => {
  const priced = uniqueName('priced');
  let folder: TemporaryFolder;
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const file = join(folder.path, 'priced.json');
    await writeFile(file, JSON.stringify({ type: 'object', required: ['sku'] }));
    const routes = [{ path: '/priced', queue: priced, schema: { request: file, reply: file } }];
    return {
      settings: { REPLYTO_ROUTES: JSON.stringify(routes), REPLYTO_HTTP__MAX_BODY_BYTES: '1000' },
    };
  });
  after(() => folder.remove());
  const { failed, unmatched, get, send } = letterBench(bench);

  for (const path of ['/dead-letters', '/unmatched-replies']) {
    for (const id of ['0', '01', '-1', '1.5', 'abc', '9999999999999999', '%00']) {
      it(`${path}/${id} gets 404, whatever is done with it`, async () => {
        for (const method of ['GET', 'DELETE'] as const) {
          problemOf(await send(method, `${path}/${id}`), 404, 'LETTER_NOT_FOUND');
        }
        problemOf(await call(`${bench.url}${path}/${id}/body`), 404, 'LETTER_NOT_FOUND');
        const action = path === '/dead-letters' ? 'retry' : 'match';
        const answer = await send('POST', `${path}/${id}/${action}`, { requestId: 'x' });
        problemOf(answer, 404, 'LETTER_NOT_FOUND');
      });
    }
  }

  for (const [query, field, allowed] of [
    ['kind=unmatched-reply', '?kind', 'one of dead-letter, invalid'],
    [
      'queue=a%2Cb',
      '?queue',
      '1-255 bytes; no control characters, no outer spaces, none of / \\ * > # , ? % " and no ::',
    ],
    ['olderThan=soon', '?olderThan', 'a number with its unit, ms, s, m, h or d, such as 1h'],
    ['olderThan=1', '?olderThan', 'a number with its unit, ms, s, m, h or d, such as 1h'],
    ['before=x', '?before', 'the id of a letter'],
    ['limit=501', '?limit', 'a whole number from 1 to 500'],
    ['color=red', '?color', 'one of kind, queue, olderThan, before, limit'],
  ] as const) {
    it(`GET /dead-letters?${query} gets 400 that names it`, async () => {
      const fault = faultOf(await call(`${bench.url}/dead-letters?${query}`), 400, 'INVALID_REQUEST');
      expect(fault).to.include({ field, allowed });
    });
  }

  for (const [query, field] of [
    ['all=yes', '?all'],
    ['all=true&after=x', '?after'],
    ['all=true&until=0', '?until'],
    ['all=true&limit=1', '?limit'],
    ['olderThan=never', '?olderThan'],
  ] as const) {
    it(`a change of many with ?${query} gets 400 that names it, and changes nothing`, async () => {
      const letter = await failed(uniqueName('kept'));
      for (const [method, path] of [
        ['POST', '/dead-letters/retry'],
        ['DELETE', '/dead-letters'],
        ['DELETE', '/unmatched-replies'],
      ] as const) {
        const fault = faultOf(await send(method, `${path}?${query}`), 400, 'INVALID_REQUEST');
        expect(fault.field).to.equal(field);
      }
      await get(letter.links.self);
    });
  }

  it('all that is wrong with a query is told at once', async () => {
    const query = 'colour=red&kind=x&queue=a%2Cb&olderThan=x&before=x&limit=0';
    const { problems = [] } = problemOf(
      await call(`${bench.url}/dead-letters?${query}`),
      400,
      'INVALID_REQUEST',
    );
    expect(problems.map(({ field }) => field)).to.deep.equal([
      ...['?colour', '?kind', '?olderThan', '?queue', '?before', '?limit'],
    ]);
    const unknown = faultOf(await call(`${bench.url}/unmatched-replies?queue=a`), 400, 'INVALID_REQUEST');
    expect(unknown).to.include({ field: '?queue', allowed: 'one of olderThan, before, limit' });
  });

  for (const [document, field] of [
    [{ body: 1 }, 'body'],
    [{ bodyBase64: 'no base64' }, 'bodyBase64'],
    [{ body: 'a', bodyBase64: 'YQ==' }, 'body'],
    [{ contentType: 1 }, 'contentType'],
    [{ headers: { 'x-a': 1 } }, 'headers.x-a'],
    [{ headers: [] }, 'headers'],
    [{ messageId: 'other' }, 'messageId'],
    [[], 'body'],
  ] as const) {
    it(`an edit of ${JSON.stringify(document)} gets 422 that names ${field}`, async () => {
      const { links } = await failed(uniqueName('edited'));
      const answer = await send('PATCH', links.self, document);
      expect(faultOf(answer, 422, 'SCHEMA_MISMATCH').field).to.equal(field);
      expect((await get(links.self)).editedAt).to.equal(null);
    });
  }

  for (const [document, field] of [
    [{ contentType: 'text/plain\r\nx: y' }, 'contentType'],
    [{ headers: { 'x-a': 'a\nb' } }, 'headers.x-a'],
    [{ headers: { 'x-a': ' outer ' } }, 'headers.x-a'],
    [{ headers: { 'x-a': 'x'.repeat(8_193) } }, 'headers.x-a'],
    [{ headers: { 'x a': '1' } }, 'headers.x a'],
    [{ headers: { 'message-id': '1' } }, 'headers.message-id'],
    [{ headers: { receipt: '1' } }, 'headers.receipt'],
    [{ headers: { 'x-forwarded-for': '1' } }, 'headers.x-forwarded-for'],
    [
      { headers: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1'])) },
      'X- headers',
    ],
    [
      {
        headers: Object.fromEntries(
          Array.from({ length: 6 }, (_, index) => [`x-${index}`, 'x'.repeat(8_000)]),
        ),
      },
      'headers',
    ],
  ] as const) {
    it(`an edit that no broker would take, of ${field} as ${JSON.stringify(document).slice(0, 40)}, gets 400`, async () => {
      const { links } = await failed(uniqueName('edited'));
      const answer = await send('PATCH', links.self, document);
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal(field);
      expect((await get(links.self)).editedAt).to.equal(null);
    });
  }

  it('an edit to a body over http.maxBodyBytes gets 413, however it is written', async () => {
    const { links } = await failed(uniqueName('edited'));
    for (const document of [
      { body: 'x'.repeat(1_001) },
      { bodyBase64: Buffer.alloc(1_001).toString('base64') },
    ]) {
      problemOf(await send('PATCH', links.self, document), 413, 'BODY_TOO_LARGE');
    }
    expect((await send('PATCH', links.self, { body: 'x'.repeat(1_000) })).status).to.equal(200);
    problemOf(await send('PATCH', links.self, { body: 'x'.repeat(70_000) }), 413, 'BODY_TOO_LARGE');
  });

  it('an edit to a body that breaks the request schema of its route gets 422', async () => {
    const { links } = await failed(priced, {}, '{"sku":1}');
    for (const body of ['{}', 'no JSON']) {
      problemOf(await send('PATCH', links.self, { body }), 422, 'SCHEMA_MISMATCH');
    }
    expect((await send('PATCH', links.self, { body: '{"sku":2}' })).status).to.equal(200);
  });

  it('an edit that is no JSON gets 422, and no body gets it too', async () => {
    const { links } = await failed(uniqueName('edited'));
    for (const body of ['{', '']) {
      const answer = await call(`${bench.url}${links.self}`, { method: 'PATCH', body });
      expect(faultOf(answer, 422, 'SCHEMA_MISMATCH').field).to.equal('body');
    }
  });

  for (const [document, field] of [
    [{}, 'requestId'],
    [{ requestId: 'a/b' }, 'requestId'],
    [{ requestId: 'x', force: true }, 'force'],
  ] as const) {
    it(`a match by ${JSON.stringify(document)} gets 422 that names ${field}; the reply stays`, async () => {
      const { links } = await unmatched();
      const answer = await send('POST', `${links.self}/match`, document);
      expect(faultOf(answer, 422, 'SCHEMA_MISMATCH').field).to.equal(field);
      await get(links.self);
    });
  }

  it('a match with a request that nobody knows gets 404; the reply stays', async () => {
    const { links } = await unmatched();
    problemOf(await send('POST', `${links.self}/match`, { requestId: 'nobody' }), 404, 'REQUEST_NOT_FOUND');
    await get(links.self);
  });

  it('a match with a request whose route refuses the reply gets 422; both stay as they are', async () => {
    const asked = await bench.ask(priced, { prefer: 'respond-async' }, '{"sku":1}');
    const requestId = asked.headers['message-id']!;
    const { links } = await unmatched({ body: Buffer.from('{}') });
    const answer = await send('POST', `${links.self}/match`, { requestId });
    expect(problemOf(answer, 422, 'SCHEMA_MISMATCH').detail).to.include(
      'it breaks the JSON Schema of the route',
    );
    await get(links.self);
    expect(await bench.status(requestId)).to.include({ replies: 0, repliedAt: null });
  });

  for (const [document, field, status] of [
    [{}, 'to', 422],
    [{ to: 1 }, 'to', 422],
    [{ to: 'q', n: 0 }, 'n', 422],
    [{ to: 'q', n: 1.5 }, 'n', 422],
    [{ to: 'q', queue: 'q' }, 'queue', 422],
    [{ to: '' }, 'to', 400],
    [{ to: 'a,b' }, 'to', 400],
    [{ to: 'https://example.com/' }, 'to', 400],
    [{ to: 'q', n: 2 }, 'n', 400],
  ] as const) {
    it(`a delivery as ${JSON.stringify(document)} gets ${status} that names ${field}; nothing is added`, async () => {
      const asked = await bench.ask(uniqueName('asked'), { prefer: 'respond-async' });
      const path = `/requests/${asked.headers['message-id']!}/deliveries`;
      const code = status === 422 ? 'SCHEMA_MISMATCH' : 'INVALID_REQUEST';
      expect(faultOf(await send('POST', path, document), status, code).field).to.equal(field);
      expect((await call(`${bench.url}${path}`)).json()).to.deep.equal({ deliveries: [] });
    });
  }

  it('a delivery to a queue of the product or the broker gets 403, and of an unknown request 404', async () => {
    const asked = await bench.ask(uniqueName('asked'), { prefer: 'respond-async' });
    const path = `/requests/${asked.headers['message-id']!}/deliveries`;
    for (const to of [`${bench.gateway.prefix}.replies`, 'activemq.management']) {
      expect(faultOf(await send('POST', path, { to }), 403, 'DESTINATION_NOT_ALLOWED').field).to.equal('to');
    }
    problemOf(await send('POST', '/requests/nobody/deliveries', { to: 'q' }), 404, 'REQUEST_NOT_FOUND');
    problemOf(await call(`${bench.url}/requests/nobody/deliveries`), 404, 'REQUEST_NOT_FOUND');
  });

  it('a query where none belongs gets 400', async () => {
    const { links } = await failed(uniqueName('kept'));
    for (const [method, path] of [
      ['GET', links.self],
      ['GET', links.body],
      ['PATCH', links.self],
      ['DELETE', links.self],
      ['POST', `${links.self}/retry`],
      ['POST', '/unmatched-replies/1/match'],
      ['GET', '/requests/x/deliveries'],
      ['POST', '/requests/x/deliveries'],
    ] as const) {
      const fault = faultOf(await send(method, `${path}?force=1`), 400, 'INVALID_REQUEST');
      expect(fault, `${method} ${path}`).to.include({ field: '?force' });
    }
    await get(links.self);
  });

  it('other methods get 405 with those that there are', async () => {
    const put = await send('PUT', '/dead-letters/1');
    problemOf(put, 405, 'METHOD_NOT_ALLOWED');
    expect(put.headers['allow']).to.equal('DELETE, GET, HEAD, OPTIONS, PATCH');
    const post = await send('POST', '/unmatched-replies/1');
    expect(post.headers['allow']).to.equal('DELETE, GET, HEAD, OPTIONS');
  });
});
