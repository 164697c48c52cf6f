import { expect } from 'chai';
import { join } from 'node:path';
import { allRights, newCaller, writeTokens } from '../support/access.js';
import type { Caller } from '../support/access.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';

describe('whose a request is, over HTTP', () => {
  const [shop, shopToo, bank] = [newCaller(), newCaller(), newCaller()];
  const bench = lockedBench(() => [
    { name: 'shop', token: shop.hash, ...allRights },
    { name: 'shop', token: shopToo.hash, ...allRights },
    { name: 'bank', token: bank.hash, ...allRights },
  ]);

  async function posted(by: Caller, headers: Record<string, string> = {}): Promise<string> {
    const id = uniqueName('owned');
    const answer = await bench.ask(id, {
      prefer: 'respond-async',
      'message-id': id,
      ...by.headers,
      ...headers,
    });
    expect(answer.status, answer.text()).to.equal(202);
    return id;
  }
  const get = (by: Caller, path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(bench.url + path, { headers: { ...by.headers, ...headers } });
  const idsOf = async (by: Caller, query = ''): Promise<string[]> => {
    const answer = await get(by, `/requests${query}`);
    return answer.json<{ requests: { id: string }[] }>().requests.map(({ id }) => id);
  };

  it('belongs to every token of the name that posted it', async () => {
    const id = await posted(shop);
    for (const caller of [shop, shopToo]) {
      expect((await get(caller, `/requests/${id}`)).status).to.equal(200);
      expect((await get(caller, `/requests/${id}/reply`)).status).to.equal(202);
    }
    const repeated = await bench.ask(id, { prefer: 'respond-async', 'message-id': id, ...shopToo.headers });
    expect(repeated.headers['idempotent-replayed']).to.equal('true');
  });

  happens(
    'HTTP',
    'a request that another name posted',
    '404, as if nobody had, on each of its resources',
    async () => {
      const id = await posted(shop);
      const unknown = uniqueName('unknown');
      for (const path of ['', '/reply', '/events', '/reply?n=2']) {
        const [foreign, none] = await Promise.all(
          [id, unknown].map((each) => get(bank, `/requests/${each}${path}`, { prefer: 'wait=30' })),
        );
        problemOf(foreign!, 404, 'REQUEST_NOT_FOUND');
        expect(foreign!.json()['detail']).to.include('or it belongs to another name');
        // Nothing tells them apart, but for the id that the caller gave.
        expect(foreign!.text().replaceAll(id, unknown)).to.equal(none!.text());
        expect(Object.keys(foreign!.headers)).to.deep.equal(Object.keys(none!.headers));
      }
      const cancel = await call(`${bench.url}/requests/${id}`, { method: 'DELETE', headers: bank.headers });
      problemOf(cancel, 404, 'REQUEST_NOT_FOUND');
      expect((await get(shop, `/requests/${id}`)).json()).to.include({ status: 'sent' });
    },
  );

  happens(
    'HTTP',
    'a `Message-ID` that another name has used',
    '409 `MESSAGE_ID_TAKEN`, nothing stored or sent',
    async () => {
      const id = await posted(shop);
      const received = await bench.listen(id);
      for (const body of ['{}', '{"other":1}']) {
        const answer = await bench.ask(id, { prefer: 'wait=30', 'message-id': id, ...bank.headers }, body);
        const problem = problemOf(answer, 409, 'MESSAGE_ID_TAKEN');
        expect(Object.keys(problem)).to.have.members(['type', 'title', 'status', 'detail', 'code']);
        expect(answer.headers).not.to.have.any.keys('location', 'idempotent-replayed', 'etag');
      }
      expect(received.length).to.be.at.most(1);
      expect(await idsOf(bank)).not.to.include(id);
    },
  );

  it('lists to a name what it posted, and takes no other for a cursor', async () => {
    const [first, foreign, second] = [await posted(shop), await posted(bank), await posted(shop)];
    const own = await idsOf(shop);
    expect(own.slice(0, 2)).to.deep.equal([second, first]);
    expect(own).not.to.include(foreign);
    expect(await idsOf(shop, `?before=${second}&limit=1`)).to.deep.equal([first]);
    expect(await idsOf(bank, `?queue=${first}`)).to.deep.equal([]);
    problemOf(await get(shop, `/requests?before=${foreign}`), 400, 'INVALID_REQUEST');
  });

  it('cancels what is its own', async () => {
    const id = await posted(shop);
    const url = `${bench.url}/requests/${id}`;
    const answer = await call(url, { method: 'DELETE', headers: shop.headers });
    expect(answer.json()).to.include({ status: 'cancelled' });
  });

  it('shows the events of a request to its own name, also to a browser that can send no header', async () => {
    const id = await posted(shop);
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE', headers: shop.headers });
    const events = `${bench.url}/requests/${id}/events?access_token=`;
    expect((await call(events + shop.token)).text()).to.contain('"cancelled"');
    expect((await call(`${events}${shop.token}&after=1`)).text()).to.not.contain('"accepted"');
    problemOf(await call(events + bank.token), 404, 'REQUEST_NOT_FOUND');
    problemOf(await call(`${events}${newCaller().token}`), 401, 'NOT_AUTHENTICATED');
  });

  it('delivers the reply to the Reply-To queue and to its own name only', async () => {
    const queue = uniqueName('answered');
    await bench.serve(queue, () => 'done');
    const answers = { ...shop.headers, 'message-id': queue, prefer: 'wait=10' };
    expect((await bench.ask(queue, answers)).text()).to.equal('done');
    expect((await get(shopToo, `/requests/${queue}/reply`)).text()).to.equal('done');
    problemOf(await get(bank, `/requests/${queue}/reply`), 404, 'REQUEST_NOT_FOUND');
  });
});

describe('requests from before callers had to log in', () => {
  it('are visible to no name, their ids are taken, and all is visible when nobody has to log in again', async () => {
    const shop = newCaller();
    const folder = await makeTemporaryFolder();
    const file = join(folder.path, 'tokens.yaml');
    await writeTokens(file, [{ name: 'shop', token: shop.hash, ...allRights }]);
    const settings = { DATA_DIR: join(folder.path, 'data') };
    const ask = (url: string, id: string): Promise<HttpAnswer> =>
      call(`${url}/requests/quiet`, {
        method: 'POST',
        body: '{}',
        headers: { ...shop.headers, 'message-id': id, prefer: 'respond-async' },
      });
    const idsAt = async (url: string): Promise<string[]> => {
      const answer = await call(`${url}/requests`, { headers: shop.headers });
      return answer.json<{ requests: { id: string }[] }>().requests.map(({ id }) => id);
    };
    let gateway = await startGateway({ settings });
    try {
      await ask(gateway.url, 'before');
      await gateway.stop();
      gateway = await startGateway({ settings: { ...settings, AUTH_TOKENS_FILE: file } });
      expect(await idsAt(gateway.url)).to.deep.equal([]);
      problemOf(await ask(gateway.url, 'before'), 409, 'MESSAGE_ID_TAKEN');
      await ask(gateway.url, 'meanwhile');
      expect(await idsAt(gateway.url)).to.deep.equal(['meanwhile']);
      await gateway.stop();
      gateway = await startGateway({ settings });
      expect(await idsAt(gateway.url)).to.deep.equal(['meanwhile', 'before']);
    } finally {
      await gateway.stop();
      await folder.remove();
    }
  });
});
