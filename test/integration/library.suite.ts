import { expect } from 'chai';
import { createReplier, sendReply } from '#app/library/create-replier.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createRequestor } from '#app/library/create-requestor.js';
import type { CreateRequestorOptions, LibraryRequestor } from '#app/library/create-requestor.js';
import { openStore } from '#app/library/open-store.js';
import type { ReturnAddress } from '#core/return-address.js';
import { Fault, isFault } from '#core/fault.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import { contents } from '#messaging/contents.js';
import { failureOf, rejectionOf } from '../support/errors.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** The library on a real broker: services and requestors, with a gateway beside them. */
export function describeLibrary(brokerUrl: () => string | undefined): void {
  let gateway: TestGateway;
  const parts: { stop(deadlineMs?: number): Promise<void> }[] = [];

  before(async () => {
    const url = brokerUrl();
    gateway = await startGateway(url === undefined ? {} : { brokerUrl: url });
  });
  // A suite that is skipped has started nothing.
  after(() => (gateway as TestGateway | undefined)?.stop());
  afterEach(async () => {
    for (const part of parts.splice(0).reverse()) await part.stop(2_000);
  });

  async function serve(options: Omit<CreateReplierOptions, 'broker'>): Promise<Replier> {
    const replier = createReplier({ broker: gateway.broker, ...options });
    parts.push(replier);
    await replier.start();
    return replier;
  }

  async function requestor(options: Partial<CreateRequestorOptions> = {}): Promise<LibraryRequestor> {
    const made = createRequestor({ broker: gateway.broker, replyQueue: uniqueName('replies'), ...options });
    parts.push(made);
    await made.start();
    return made;
  }

  describe('a requestor', () => {
    it('resolves with the reply: JSON, text and bytes each as they are', async () => {
      const queue = uniqueName('mirror');
      await serve({
        queue,
        handler: ({ body, contentType }) => contents(body, contentType === null ? {} : { contentType }),
      });
      const { request } = await requestor();
      expect((await request(queue, { a: [1, 'é'] })).json()).to.deep.equal({ a: [1, 'é'] });
      const text = await request(queue, 'grüße\nzwei');
      expect([text.text(), text.contentType]).to.deep.equal(['grüße\nzwei', 'text/plain; charset=utf-8']);
      const bytes = Buffer.from([0, 255, 10, 0]);
      expect(Buffer.from((await request(queue, bytes)).body)).to.deep.equal(bytes);
    });

    it('carries headers both ways', async () => {
      const queue = uniqueName('headers');
      await serve({
        queue,
        handler: ({ applicationHeaders }) =>
          contents('', { headers: { 'X-Seen': applicationHeaders['x-given'] ?? '' } }),
      });
      const { request } = await requestor();
      const reply = await request(queue, contents('', { headers: { 'X-Given': 'a: b' } }));
      expect(reply.headers).to.deep.equal({ 'x-seen': 'a: b' });
    });

    it('throws the Fault that the service answers with', async () => {
      const queue = uniqueName('faulty');
      await serve({
        queue,
        handler: () => {
          throw new Fault('NO_STOCK', 'nothing left', { details: { left: 0 } });
        },
      });
      const { request } = await requestor();
      const thrown: unknown = await request(queue, 'x').catch((error: unknown) => error);
      expect(isFault(thrown)).to.equal(true);
      expect(thrown)
        .to.include({ code: 'NO_STOCK', message: 'nothing left' })
        .and.to.have.deep.property('details', { left: 0 });
    });

    it('ends with REQUEST_EXPIRED at the deadline', async () => {
      const { request } = await requestor();
      expect((await failureOf(request(uniqueName('nobody'), 'x', { timeoutMs: 300 }))).code).to.equal(
        'REQUEST_EXPIRED',
      );
    });

    it('ends with WAIT_ABORTED when it is aborted, and the service hears of the cancel', async () => {
      const queue = uniqueName('cancelled');
      let reason: unknown;
      const replier = await serve({
        queue,
        handler: (_request, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              reason = signal.reason;
              resolve(undefined);
            });
          }),
      });
      const { request } = await requestor();
      const abort = new AbortController();
      const failing = failureOf(request(queue, 'x', { signal: abort.signal }));
      await until(() => replier.running === 1, { what: 'the running handler' });
      abort.abort();
      expect((await failing).code).to.equal('WAIT_ABORTED');
      await until(() => reason === 'cancelled', { what: 'the cancel at the service' });
    });

    it('rejects what still waits with SHUTTING_DOWN when it stops', async () => {
      const made = await requestor();
      const failing = failureOf(made.request(uniqueName('nobody'), 'x'));
      await made.stop();
      expect((await failing).code).to.equal('SHUTTING_DOWN');
      expect((await failureOf(made.request('any', 'x'))).code).to.equal('SHUTTING_DOWN');
    });

    it('with a store finds the reply to a request of an earlier process, and asks once', async () => {
      const folder = await makeTemporaryFolder();
      const queue = uniqueName('durable');
      const replyQueue = uniqueName('replies');
      let runs = 0;
      const before = openStore(`sqlite:${folder.path}/r.db`);
      const first = createRequestor({ broker: gateway.broker, replyQueue, store: before });
      await first.start();
      const waiting = failureOf(first.request(queue, 'x', { messageId: 'job-1', timeoutMs: 60_000 }));
      await until(async () => (await first.pending()) === 1, { what: 'the accepted request' });
      await first.stop();
      await before.close();
      expect((await waiting).code).to.equal('SHUTTING_DOWN');
      await serve({ queue, handler: () => `run ${++runs}` });

      const store = openStore(`sqlite:${folder.path}/r.db`);
      const second = await requestor({ replyQueue, store });
      expect((await second.request(queue, 'x', { messageId: 'job-1', timeoutMs: 60_000 })).text()).to.equal(
        'run 1',
      );
      expect(runs).to.equal(1);
      await parts.pop()?.stop();
      await store.close();
      await folder.remove();
    });
  });

  describe('a replier', () => {
    it('reports progress into the history of the request', async () => {
      const queue = uniqueName('progress');
      await serve({
        queue,
        handler: async (_request, { progress }) => {
          await progress(10);
          await progress(90, 'nearly');
          return 'done';
        },
      });
      const answer = await post(`${gateway.url}/requests/${queue}`, '', { prefer: 'wait=10' });
      const id = answer.headers['correl-id']!;
      const shown = await until(
        async () => {
          const events = (await call(`${gateway.url}/requests/${id}/events?after=0`)).text();
          const found = [...events.matchAll(/^data: (.*)$/gmu)].map(
            ([, data]) => JSON.parse(data!) as { kind: string; percent?: number; text?: string },
          );
          return found.filter(({ kind }) => kind === 'progress').length === 2 && found;
        },
        { what: 'two progress events' },
      );
      expect(
        shown.filter(({ kind }) => kind === 'progress').map(({ percent, text }) => [percent, text]),
      ).to.deep.equal([
        [10, undefined],
        [90, 'nearly'],
      ]);
    });

    it('tries again after an error, as a new attempt of the same message', async () => {
      const queue = uniqueName('retry');
      const attempts: string[] = [];
      await serve({
        queue,
        retry: { attempts: 3, backoffMs: 20 },
        handler: ({ messageId }, { attempt }) => {
          attempts.push(`${messageId} ${attempt}`);
          if (attempt < 3) throw new Error('not yet');
          return 'at last';
        },
      });
      const answer = await post(`${gateway.url}/requests/${queue}`, 'x', { prefer: 'wait=10' });
      const id = answer.headers['correl-id']!;
      expect(answer.text()).to.equal('at last');
      expect(attempts).to.deep.equal([`${id} 1`, `${id} 2`, `${id} 3`]);
    });

    it('at the end of its attempts answers with a Fault and leaves a dead letter', async () => {
      const queue = uniqueName('broken');
      await serve({
        queue,
        retry: { attempts: 2, backoffMs: 10 },
        handler: () => {
          throw new Error('disk\nis full');
        },
      });
      const answer = await post(`${gateway.url}/requests/${queue}`, 'x', { prefer: 'wait=10' });
      expect(answer.status).to.equal(502);
      expect(answer.json()).to.have.nested.property('fault.code', 'SERVICE_FAILED');
      await until(async () => (await metric('replyto_messages_dead_lettered_total')) >= 1, {
        what: 'the dead letter in the store',
      });
    });

    it('answers with a Fault also when what its handler makes could not be read or sent', async () => {
      const handlers: readonly Handler[] = [
        () => {
          throw new Fault('MOVED', 'elsewhere', { status: 304 });
        },
        () => {
          throw new Fault('', 'nameless');
        },
        () => contents('x', { contentType: 'text/plain\n' }),
      ];
      const { request } = await requestor();
      for (const handler of handlers) {
        const queue = uniqueName('unsendable');
        await serve({ queue, retry: { attempts: 1 }, handler });
        const thrown = await rejectionOf(request(queue, 'x'));
        expect(isFault(thrown) && thrown.code).to.equal('SERVICE_FAILED');
      }
    });

    it('defers: the answer comes later, from another connection', async () => {
      const queue = uniqueName('deferred');
      let kept = '';
      await serve({
        queue,
        handler: (_request, { defer }) => {
          kept = JSON.stringify(defer());
        },
      });
      const asked = await post(`${gateway.url}/requests/${queue}`, 'x', {
        prefer: 'respond-async',
        'message-id': `id-${queue}`,
      });
      expect(asked.status).to.equal(202);
      await until(() => kept !== '', { what: 'the return address' });
      const other = await connectBroker({ url: gateway.brokerUrl, prefix: gateway.prefix });
      await sendReply(other, JSON.parse(kept) as ReturnAddress, { days: 'later' });
      await other.close();
      const reply = await call(`${gateway.url}/requests/id-${queue}/reply`, {
        headers: { prefer: 'wait=10' },
      });
      expect(reply.json()).to.deep.equal({ days: 'later' });
    });

    it('with a memory answers a repeated request alike, without running it again', async () => {
      const queue = uniqueName('idempotent');
      const store = openStore('sqlite::memory:');
      let runs = 0;
      await serve({ queue, idempotency: store, handler: () => `run ${++runs}` });
      const { request } = await requestor();
      const again = await requestor();
      expect((await request(queue, 'x', { messageId: `same-${queue}` })).text()).to.equal('run 1');
      expect((await again.request(queue, 'x', { messageId: `same-${queue}` })).text()).to.equal('run 1');
      expect(runs).to.equal(1);
      await parts.splice(0, 1)[0]?.stop(1_000);
      await store.close();
    });

    it('finishes what runs when it stops, and leaves the rest to others', async () => {
      const queue = uniqueName('stopping');
      let finish: () => void = () => undefined;
      const mayFinish = new Promise<void>((resolve) => (finish = resolve));
      const first = await serve({ queue, concurrency: 1, handler: () => mayFinish.then(() => 'first') });
      const { request } = await requestor();
      const one = request(queue, '1');
      await until(() => first.running === 1, { what: 'the running handler' });
      const two = request(queue, '2');
      const stopping = first.stop(5_000);
      finish();
      await stopping;
      expect((await one).text()).to.equal('first');
      await serve({ queue, handler: () => 'second' });
      expect((await two).text()).to.equal('second');
    });
  });

  async function metric(name: string): Promise<number> {
    const { body } = await call(`${gateway.url}/metrics`);
    return Number(new RegExp(`^${name} (\\S+)$`, 'mu').exec(body.toString('utf8'))?.[1]);
  }
}
