import { expect } from 'chai';
import type { RequestStatus } from '#schema/request-status.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';

describe('the list of requests over HTTP', () => {
  const bench = httpBench();

  const list = (query = ''): Promise<HttpAnswer> => call(`${bench.url}/requests${query}`);
  const idsOf = (answer: HttpAnswer): string[] =>
    answer.json<{ requests: RequestStatus[] }>().requests.map(({ id }) => id);

  /** Asks in order, so that the ids say which was first. */
  async function askMany(
    queue: string,
    count: number,
    headers: Record<string, string> = {},
  ): Promise<string[]> {
    const base = uniqueName('id');
    const ids = Array.from({ length: count }, (_, index) => `${base}-${index}`);
    for (const id of ids) await bench.ask(queue, { prefer: 'respond-async', 'message-id': id, ...headers });
    return ids.reverse();
  }

  function nextOf(answer: HttpAnswer): string | undefined {
    return /^<([^>]+)>; rel="next"$/u.exec(answer.headers['link'] ?? '')?.[1];
  }

  it('is empty at first', async () => {
    const answer = await list();
    expect(answer.status).to.equal(200);
    expect(answer.json()).to.deep.equal({ requests: [] });
    expect(answer.headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(answer.headers).not.to.have.property('link');
  });

  it('has the newest first, each with its whole status document', async () => {
    const queue = uniqueName('list');
    const ids = await askMany(queue, 3);
    const answer = await list();
    expect(idsOf(answer).slice(0, 3)).to.deep.equal(ids);
    const [newest] = answer.json<{ requests: RequestStatus[] }>().requests;
    expect(newest).to.have.all.keys(Object.keys(await bench.status(ids[0]!)));
  });

  it('goes page by page, with the filters and without a gap, until there is no next one', async () => {
    const queue = uniqueName('list & more');
    const ids = await askMany(queue, 7);
    await askMany(uniqueName('list'), 2);
    const found: string[][] = [];
    let path: string | undefined = `/requests?${new URLSearchParams({ queue, limit: '3' }).toString()}`;
    while (path !== undefined) {
      const answer: HttpAnswer = await call(`${bench.url}${path}`);
      expect(answer.status, answer.text()).to.equal(200);
      found.push(idsOf(answer));
      path = nextOf(answer);
    }
    expect(found.map(({ length }) => length)).to.deep.equal([3, 3, 1]);
    expect(found.flat()).to.deep.equal(ids);
  });

  it('has no next page when the last one is full', async () => {
    const queue = uniqueName('list');
    await askMany(queue, 2);
    expect((await list(`?queue=${queue}&limit=2`)).headers).not.to.have.property('link');
    expect(nextOf(await list(`?queue=${queue}&limit=1`))).to.be.a('string');
  });

  it('stays where it is while requests are added', async () => {
    const queue = uniqueName('list');
    const ids = await askMany(queue, 4);
    const first = await list(`?queue=${queue}&limit=2`);
    await bench.ask(queue, { prefer: 'respond-async' });
    const second = await call(`${bench.url}${nextOf(first)!}`);
    expect([...idsOf(first), ...idsOf(second)]).to.deep.equal(ids);
  });

  it('filters by state, queue and project, alone and together', async () => {
    const queue = uniqueName('list');
    const project = uniqueName('project');
    const [cancelled, open] = await askMany(queue, 2, { project });
    await call(`${bench.url}/requests/${cancelled!}`, { method: 'DELETE' });
    await bench.reaches(open!, 'sent');
    expect(idsOf(await list(`?queue=${queue}`))).to.deep.equal([cancelled, open]);
    expect(idsOf(await list(`?project=${project}`))).to.deep.equal([cancelled, open]);
    expect(idsOf(await list(`?project=${project}&status=cancelled`))).to.deep.equal([cancelled]);
    expect(idsOf(await list(`?queue=${queue}&status=sent`))).to.deep.equal([open]);
    expect(idsOf(await list(`?queue=${queue}&status=replied`))).to.deep.equal([]);
    expect(idsOf(await list(`?queue=${queue}&project=other`))).to.deep.equal([]);
    expect(idsOf(await list('?status=cancelled'))).to.include(cancelled);
  });

  it('has 50 on a page unless asked otherwise', async () => {
    const queue = uniqueName('list');
    await askMany(queue, 51);
    expect(idsOf(await list(`?queue=${queue}`))).to.have.lengthOf(50);
    expect(idsOf(await list(`?queue=${queue}&limit=500`))).to.have.lengthOf(51);
  });
});
