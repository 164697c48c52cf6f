import { expect } from 'chai';
import { join } from 'node:path';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { addPendingRequests } from '../support/pending-requests.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

describe('the limit of waiting callers', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_REQUESTS__MAX_WAITING: '2' } }));

  happens(
    'HTTP',
    'more callers that wait than requests.maxWaiting',
    '429 with Retry-After, nothing stored or sent; who waits goes on, who does not wait is served',
    async () => {
      const queue = uniqueName('limit');
      const received = await bench.listen(queue);
      const waiting = [1, 2].map((number) =>
        bench.ask(queue, { prefer: 'wait=10', 'message-id': `${queue}-${number}` }),
      );
      await until(async () => (await bench.metric('waits')) === 2, { what: 'both to wait' });

      const refused = await bench.ask(queue, { prefer: 'wait=10', 'message-id': `${queue}-3` });
      expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.equal('2 callers wait; the limit is 2');
      expect(refused.headers['retry-after']).to.match(/^\d+$/u);
      problemOf(await call(`${bench.url}/requests/${queue}-3`), 404, 'REQUEST_NOT_FOUND');
      for (const path of [`/requests/${queue}-1`, `/requests/${queue}-1/reply`]) {
        const answer = await call(`${bench.url}${path}`, { headers: { prefer: 'wait=10' } });
        problemOf(answer, 429, 'TOO_MANY_WAITING');
        expect((await call(`${bench.url}${path}`)).status, path).to.be.oneOf([200, 202]);
      }
      const asked = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-4` });
      expect(asked.status).to.equal(202);

      await until(() => received.length === 3, { what: 'the messages' });
      expect(received.map(({ messageId }) => messageId)).not.to.include(`${queue}-3`);
      for (const message of received) await bench.reply(message, 'done');
      for (const answer of await Promise.all(waiting)) expect(answer.status).to.equal(200);
      await until(async () => (await bench.ask(queue, { prefer: 'wait=1' })).status === 202, {
        what: 'room for another',
      });
    },
  );
});

describe('the limit of requests without an end', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_REQUESTS__MAX_PENDING: '2' } }));
  const queue = uniqueName('limit');

  happens(
    'HTTP',
    'more open requests than requests.maxPending',
    '429 with Retry-After, nothing stored or sent, until one has ended',
    async () => {
      const received = await bench.listen(queue);
      for (const number of [1, 2]) {
        const asked = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-${number}` });
        expect(asked.status).to.equal(202);
      }
      const refused = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-3` });
      expect(problemOf(refused, 429, 'TOO_MANY_PENDING').detail).to.equal(
        '2 requests are open; the limit is 2',
      );
      expect(refused.headers['retry-after']).to.match(/^\d+$/u);
      problemOf(await call(`${bench.url}/requests/${queue}-3`), 404, 'REQUEST_NOT_FOUND');

      await until(() => received.length === 2, { what: 'the messages' });
      await bench.reply(received[0]!, 'done');
      await bench.reaches(`${queue}-1`, 'replied');
      await until(
        async () =>
          (await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-3` })).status === 202,
        { what: 'room for another' },
      );
      await until(() => received.length === 3, { what: 'its message' });
      expect(received.map(({ messageId }) => messageId)).to.deep.equal(
        [1, 2, 3].map((number) => `${queue}-${number}`),
      );
    },
  );

  happens(
    'HTTP',
    'the same request again while requests.maxPending is reached',
    'it is joined: who repeats a post learns what became of it',
    async () => {
      const joined = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-2` });
      expect(joined.status, joined.text()).to.equal(202);
      expect(joined.headers['idempotent-replayed']).to.equal('true');
      const replayed = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-1` });
      expect([replayed.status, replayed.text()]).to.deep.equal([200, 'done']);
    },
  );
});

describe('the limit of open requests for one queue', () => {
  const slow = uniqueName('slow');
  const bench = httpBench(() => ({
    settings: {
      REPLYTO_REQUESTS__MAX_PENDING_PER_QUEUE: '3',
      REPLYTO_ROUTES: JSON.stringify([{ path: '/slow', queue: slow, maxPending: 2 }]),
    },
  }));

  happens(
    'HTTP',
    'more open requests for one queue than requests.maxPendingPerQueue or maxPending of its route, because no service answers there',
    '429 that names the queue, with Retry-After by the rate at which its requests end; other queues are served; there is room again when one has ended',
    async () => {
      const away = uniqueName('away');
      const served = uniqueName('served');
      await bench.serve(served, ({ body }) => body);
      const post = (queue: string, number: number): ReturnType<typeof bench.ask> =>
        bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-${number}` });
      for (const [queue, limit] of [
        [away, 3],
        [slow, 2],
      ] as const) {
        for (let number = 1; number <= limit; number += 1) {
          expect((await post(queue, number)).status).to.equal(202);
        }
        const refused = await post(queue, 0);
        const problem = problemOf(refused, 429, 'TOO_MANY_PENDING');
        expect(problem.detail).to.equal(
          `${limit} requests are open for queue '${queue}'; its limit is ${limit}`,
        );
        expect(problem.destination).to.equal(queue);
        problemOf(await call(`${bench.url}/requests/${queue}-0`), 404, 'REQUEST_NOT_FOUND');
      }
      problemOf(await call(`${bench.url}/slow`, { method: 'POST', body: '{}' }), 429, 'TOO_MANY_PENDING');
      for (let number = 0; number < 5; number += 1) {
        expect((await bench.ask(served, { prefer: 'wait=10' })).status).to.equal(200);
      }

      // Nothing has ended there: the longest time.
      await until(async () => Number((await post(away, 0)).headers['retry-after']) >= 48, {
        what: 'the gateway to have seen for a second that nothing ends',
      });
      expect((await call(`${bench.url}/requests/${away}-1`, { method: 'DELETE' })).status).to.equal(200);
      expect((await post(away, 4)).status).to.equal(202);
      // One has ended in these seconds.
      const refused = await post(away, 0);
      problemOf(refused, 429, 'TOO_MANY_PENDING');
      expect(Number(refused.headers['retry-after'])).to.be.within(1, 30);
    },
  );
});

describe('the limit of requests kept for a broker that is away', () => {
  let broker: EmbeddedProcess;
  const bench = httpBench(async () => {
    broker = await startEmbeddedProcess();
    return { brokerUrl: broker.url, settings: { REPLYTO_OUTBOX__MAX_PENDING: '3' } };
  });
  after(() => broker.stop());

  it('gives the next one 503 and takes nothing of it; what was taken is sent when the broker is back', async () => {
    const queue = uniqueName('limit');
    await broker.kill();
    await until(async () => (await call(`${bench.url}/readyz?verbose`)).text().includes('[-] broker'), {
      what: 'the gateway to notice',
    });
    expect((await call(`${bench.url}/readyz`)).status).to.equal(200);
    for (const number of [1, 2, 3]) {
      const asked = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-${number}` });
      expect(asked.status, asked.text()).to.equal(202);
      expect(asked.json()).to.include({ status: 'accepted', sentAt: null });
    }
    const refused = await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-4` });
    expect(problemOf(refused, 503, 'OUTBOX_FULL').detail).to.equal(
      '3 requests wait for the broker; the limit is 3',
    );
    expect(refused.headers['retry-after']).to.match(/^\d+$/u);
    problemOf(await call(`${bench.url}/requests/${queue}-4`), 404, 'REQUEST_NOT_FOUND');
    const ready = await call(`${bench.url}/readyz?verbose`);
    expect(ready.status).to.equal(503);
    expect(ready.text()).to.include('[-] outbox: 3 of 3 requests wait for the broker');

    await broker.restart();
    for (const number of [1, 2, 3]) await bench.reaches(`${queue}-${number}`, 'sent');
    const received = await bench.listen(queue);
    await until(() => received.length === 3, { what: 'the messages' });
    const ids = received.map(({ messageId }) => messageId);
    expect(ids).to.have.members([1, 2, 3].map((number) => `${queue}-${number}`));
    await until(async () => (await call(`${bench.url}/readyz`)).status === 200, {
      what: 'the gateway to be ready',
    });
  }).timeout(60_000);
});

describe('as many requests without a reply as requests.maxPending allows, found in the store at the start', () => {
  const count = 20_000;
  let gateway: ServedGateway | undefined;
  after(() => gateway?.remove());

  happens(
    'HTTP',
    'a start with as many open requests in the store as requests.maxPending allows',
    'the next request gets 429, all others are listed, read and cancelled as ever; one that is cancelled makes room',
    async () => {
      const settings = { REPLYTO_REQUESTS__MAX_PENDING: String(count) };
      const served = (gateway = await serveGateway({ settings }));
      await served.stop();
      const path = join(served.folder, 'replyto.db');
      addPendingRequests({ path, queue: 'many', count, expiresAt: null });
      await served.restart();
      expect(await served.metric('replyto_requests_pending')).to.equal(count);

      const refused = await post(`${served.url}/requests/other`, '{}', { 'message-id': 'next' });
      expect(problemOf(refused, 429, 'TOO_MANY_PENDING').detail).to.include(`the limit is ${count}`);
      problemOf(await call(`${served.url}/requests/next`), 404, 'REQUEST_NOT_FOUND');
      const page = await call(`${served.url}/requests?queue=many&status=sent&before=many-10001&limit=500`);
      const ids = page.json<{ requests: { id: string }[] }>().requests.map(({ id }) => id);
      expect([ids.length, ids[0], ids.at(-1)]).to.deep.equal([500, 'many-10000', 'many-9501']);

      expect((await call(`${served.url}/requests/many-1`, { method: 'DELETE' })).status).to.equal(200);
      const taken = await post(`${served.url}/requests/other`, '{}', { prefer: 'respond-async' });
      expect(taken.status, taken.text()).to.equal(202);
    },
  );
});
