import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import type { GatheredReplies } from '#schema/gathered-replies.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

const families = 40;

/** Requests to several queues at a gateway that is a process of its own. `brokerUrl` undefined = the embedded broker. */
export function describeSeveralQueues(brokerUrl: () => string | undefined): void {
  let gateway: ServedGateway;
  let broker: Broker;
  const repliers: Replier[] = [];

  before(async function () {
    this.timeout(60_000);
    const url = brokerUrl();
    const settings = { REPLYTO_PREFIX: `several-${randomUUID()}` };
    gateway = await serveGateway({ ...(url === undefined ? {} : { brokerUrl: url }), settings });
    broker = await connectBroker({ url: gateway.brokerUrl, logger: silentLogger });
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
  });
  after(async function () {
    this.timeout(60_000);
    // Not there when the suite was skipped.
    await (broker as Broker | undefined)?.close();
    await (gateway as ServedGateway | undefined)?.remove();
  });

  async function serve(queue: string, handler: Handler): Promise<void> {
    const replier = createReplier({ broker, queue, handler, concurrency: 2 * families });
    repliers.push(replier);
    await replier.start();
  }

  function ask(queues: readonly string[], query: string, headers: Readonly<Record<string, string>>) {
    const names = queues.map((queue) => `queue=${queue}`).join('&');
    return post(`${gateway.url}/requests?${names}${query}`, '{}', headers);
  }

  function read(answer: HttpAnswer): GatheredReplies {
    expect(answer.status, answer.text()).to.equal(200);
    return answer.json<GatheredReplies>();
  }

  const replyOf = (id: string): Promise<HttpAnswer> =>
    call(`${gateway.url}/requests/${id}/reply`, { headers: { prefer: 'wait=30' } });

  for (const size of [2, 5, 10]) {
    it(`gives what ${size - 1} of ${size} services have answered when the slow one lets it stall`, async function () {
      this.timeout(60_000);
      const queues = Array.from({ length: size }, (_, index) => uniqueName(`n${index}`));
      const [slow, ...quick] = queues as [string, ...string[]];
      const never = new Promise<never>(() => undefined);
      await Promise.all([serve(slow, () => never), ...quick.map((queue) => serve(queue, () => queue))]);
      const askedAt = performance.now();
      const { complete, replies, missing } = read(await ask(queues, '&stallMs=800', { prefer: 'wait=30' }));
      const tookMs = performance.now() - askedAt;
      expect(complete).to.equal(false);
      expect(replies.map(({ body }) => body)).to.deep.equal(quick);
      expect(missing.map(({ queue, status }) => [queue, status])).to.deep.equal([[slow, 'sent']]);
      expect(tookMs).to.be.within(800, 15_000);
    });
  }

  happens(
    'Surroundings',
    'the gateway is killed while the replies of several services are gathered',
    'after the restart every gathering ends, once, with all replies, or at its stall time with those there were',
    async function () {
      this.timeout(180_000);
      const [first, second, third] = [uniqueName('first'), uniqueName('second'), uniqueName('third')];
      const held: (() => void)[] = [];
      await Promise.all([
        serve(first, () => 'first'),
        serve(second, () => new Promise((resolve) => held.push(() => resolve('second')))),
      ]);
      const queues = [first, second, third];
      const ids = Array.from({ length: families }, () => randomUUID());
      const asked = await Promise.all(
        ids.map((id) => ask(queues, '', { 'message-id': id, prefer: 'respond-async' })),
      );
      expect(new Set(asked.map(({ status }) => status))).to.deep.equal(new Set([202]));
      const stalling = randomUUID();
      await ask([first, third], '&stallMs=1500', { 'message-id': stalling, prefer: 'respond-async' });
      const progressOf = async (id: string): Promise<unknown> =>
        (await call(`${gateway.url}/requests/${id}`)).json<{ progress: unknown }>().progress;
      await until(async () => held.length >= families && (await progressOf(stalling)) !== null, {
        what: 'the first replies',
      });
      // In the middle of many replies that end nothing yet.
      held.splice(0, families / 2).forEach((go) => go());
      await gateway.kill();
      await gateway.restart();
      const stalled = read(await replyOf(stalling));
      expect([stalled.complete, stalled.replies.map(({ queue }) => queue)]).to.deep.equal([false, [first]]);
      const letGo = setInterval(() => held.splice(0).forEach((go) => go()), 20);
      try {
        await serve(third, () => 'third');
        for (const id of ids) {
          const { complete, replies } = read(await replyOf(id));
          expect([complete, replies.map(({ body }) => body)]).to.deep.equal([
            true,
            ['first', 'second', 'third'],
          ]);
          const status = (await call(`${gateway.url}/requests/${id}`)).json();
          expect(status).to.include({ status: 'replied', replies: 1 });
        }
      } finally {
        clearInterval(letGo);
      }
    },
  );
}
