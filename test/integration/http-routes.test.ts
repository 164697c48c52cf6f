import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contents } from '#messaging/contents.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { openRawStomp } from '../support/raw-stomp.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

describe('routes over HTTP', () => {
  const base = uniqueName('route');
  let folder: TemporaryFolder;
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const schema = join(folder.path, 'created.json');
    await writeFile(schema, JSON.stringify({ type: 'object', required: ['id'] }));
    const routes = [
      { path: '/orders/{kind}/{action}', queue: `${base}.{action}.{kind}` },
      { path: '/orders/special/create', queue: `${base}.special`, waitMs: 0 },
      { path: '/patient', queue: `${base}.patient`, waitMs: '10s' },
      { path: '/brief', queue: `${base}.brief`, timeoutMs: '300ms', waitMs: '10s' },
      { path: '/endless', queue: `${base}.endless`, timeoutMs: 'never' },
      {
        path: '/headers',
        queue: `${base}.headers`,
        forwardHeaders: ['Accept-Language', 'User-Agent'],
        project: 'orion',
      },
      { path: '/typed', queue: `${base}.typed`, contentType: 'application/xml', waitMs: '10s' },
      { path: '/strict', queue: `${base}.strict`, schema: { reply: schema }, waitMs: '10s' },
      { path: '/a.b-c_d~1', queue: `${base}.literal` },
    ];
    return { settings: { REPLYTO_ROUTES: JSON.stringify(routes), REPLYTO_REQUESTS__WAIT_MS: '0' } };
  });
  after(() => folder.remove());

  const ask = (path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    post(`${bench.url}${path}`, '{}', headers);

  async function queueOf(path: string): Promise<unknown> {
    const answer = await ask(path, { prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    return answer.json()['queue'];
  }

  it('put the decoded segments of the path into the name of the queue, in any order', async () => {
    expect(await queueOf('/orders/books/create')).to.equal(`${base}.create.books`);
    expect(await queueOf('/orders/b%C3%BCcher%20und%2Dmehr/list')).to.equal(`${base}.list.bücher und-mehr`);
    expect(await queueOf('/orders/a.b/c%7Bkind%7D')).to.equal(`${base}.c{kind}.a.b`);
  });

  it('are taken by the most specific one, whatever their order', async () => {
    expect(await queueOf('/orders/special/create')).to.equal(`${base}.special`);
    expect(await queueOf('/orders/special/list')).to.equal(`${base}.list.special`);
  });

  it('match literal segments exactly, encoded or not', async () => {
    expect(await queueOf('/a.b-c_d~1')).to.equal(`${base}.literal`);
    expect(await queueOf('/a%2Eb-c_d%7E1')).to.equal(`${base}.literal`);
    for (const path of ['/aXb-c_d~1', '/A.b-c_d~1', '/patient/', '/Patient', '/orders/x', '/orders/x/y/z']) {
      problemOf(await ask(path), 404, 'ROUTE_NOT_FOUND');
    }
  });

  it('named by the configuration take the default one away', async () => {
    problemOf(await ask('/orion/workflow/create'), 404, 'ROUTE_NOT_FOUND');
  });

  it('keep their callers waiting as long as they say, by path and by queue', async () => {
    await bench.serve(`${base}.patient`, () => 'worth it');
    for (const path of ['/patient', `/requests/${base}.patient`]) {
      const answer = await ask(path);
      expect([answer.status, answer.text()], path).to.deep.equal([200, 'worth it']);
    }
    await bench.serve(`${base}.special`, () => 'quick');
    expect((await ask('/orders/special/create')).status).to.equal(202);
    expect((await ask('/orders/special/create', { prefer: 'wait=10' })).status).to.equal(200);
  });

  it('let requests expire when they say, unless the caller says otherwise', async () => {
    problemOf(await ask('/brief'), 504, 'REQUEST_EXPIRED');
    const patient = await ask('/brief', { 'request-timeout': '600', prefer: 'respond-async' });
    const document = patient.json<{ createdAt: string; expiresAt: string }>();
    expect(Date.parse(document.expiresAt) - Date.parse(document.createdAt)).to.equal(600_000);
    expect((await ask('/endless')).json()).to.include({ expiresAt: null });
  });

  it('let the headers they name travel, and give a project to who names none', async () => {
    const service = await openRawStomp(Number(new URL(bench.gateway.brokerUrl).port));
    await service.connect();
    service.frame('SUBSCRIBE', { id: '1', destination: `/queue/${base}.headers`, ack: 'auto' });
    const given = { 'accept-language': 'de', 'user-agent': 'test', 'accept-charset': 'utf-8', 'x-own': '1' };
    const answer = await ask('/headers', given);
    expect(answer.json()).to.include({ project: 'orion' });
    const own = await service.take('MESSAGE');
    expect(own.headers).to.include({
      'accept-language': 'de',
      'user-agent': 'test',
      'x-own': '1',
      Project: 'orion',
    });
    expect(own.headers).not.to.have.property('accept-charset');

    expect((await ask('/headers', { project: 'other' })).json()).to.include({ project: 'other' });
    expect((await service.take('MESSAGE')).headers).to.include({ Project: 'other' });
    service.destroy();
  });

  it('say what a reply without a content type is', async () => {
    await bench.serve(`${base}.typed`, () => ({ ...contents('<a/>'), contentType: null }));
    const answer = await ask('/typed');
    expect(answer.headers['content-type']).to.equal('application/xml');
    await bench.serve(`${base}.strict`, () => ({ id: 1 }));
    expect((await ask('/strict')).headers['content-type']).to.equal('application/json');
  });

  it('keep a reply that breaks their schema from being the answer', async () => {
    const received = await bench.listen(`${base}.strict`);
    const answer = await ask('/strict', { prefer: 'respond-async', 'message-id': uniqueName('strict') });
    await until(() => received.length === 1, { what: 'the message' });
    await bench.reply(received[0]!, { no: 'id' });
    await until(async () => (await bench.metric('messages_invalid_total')) === 1, { what: 'the refusal' });
    const id = answer.headers['message-id']!;
    await bench.reaches(id, 'sent');
    expect(await bench.status(id)).to.include({ status: 'sent', replies: 0 });
    await bench.reply(received[0]!, { id: 2 });
    await bench.reaches(id, 'replied');
    expect((await call(`${bench.url}/requests/${id}/reply`)).json()).to.deep.equal({ id: 2 });
  });
});
