import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import type { GatheredReplies } from '#schema/gathered-replies.js';
import { describeOn } from '../support/brokers.js';
import { uniqueName } from '../support/gateway.js';
import type { GatewayGroup } from '../support/gateway-group.js';
import { serveGatewayGroup } from '../support/gateway-group.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

describeOn('classic', 'several queues at once, two gateways on one store', (classic) => {
  let group: GatewayGroup | undefined;
  let broker: Broker | undefined;
  const repliers: Replier[] = [];

  before(async function () {
    this.timeout(120_000);
    const served = await serveGatewayGroup(2, classic().url);
    if ('unavailable' in served) skip(this, served.unavailable);
    group = served;
    broker = await connectBroker({ url: classic().url, logger: silentLogger });
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
  });
  after(async function () {
    this.timeout(60_000);
    await broker?.close();
    await group?.remove();
  });

  const url = (index: number): string => group!.gateways[index]!.url;

  async function serve(queue: string, handler: Handler): Promise<void> {
    const replier = createReplier({ broker: broker!, queue, handler, concurrency: 100 });
    repliers.push(replier);
    await replier.start();
  }

  function ask(index: number, queues: readonly string[], headers: Readonly<Record<string, string>>) {
    return post(`${url(index)}/requests?${queues.map((name) => `queue=${name}`).join('&')}`, '{}', headers);
  }

  it('ends each gathering once, whichever of them takes the replies, and answers who waits at either', async function () {
    this.timeout(120_000);
    const queues = Array.from({ length: 4 }, (_, index) => uniqueName(`q${index}`));
    await Promise.all(queues.map((queue) => serve(queue, () => queue)));
    const ids = Array.from({ length: 60 }, () => randomUUID());
    const answers = await Promise.all(
      ids.map((id, index) => ask(index % 2, queues, { 'message-id': id, prefer: 'wait=45' })),
    );
    for (const [index, answer] of answers.entries()) {
      expect(answer.status, answer.text()).to.equal(200);
      const { complete, replies } = answer.json<GatheredReplies>();
      expect([complete, replies.map(({ body }) => body)]).to.deep.equal([true, queues]);
      const id = ids[index]!;
      const other = `${url((index + 1) % 2)}/requests/${id}`;
      expect((await call(other)).json()).to.include({ status: 'replied', replies: 1 });
      const { events } = (await call(`${other}/events`, { headers: { accept: 'application/json' } })).json<{
        events: { kind: string; data: { status?: string } }[];
      }>();
      const ends = events.filter(({ kind }) => kind === 'success');
      expect([ends.length, events.filter(({ kind }) => kind === 'progress').length]).to.deep.equal([1, 4]);
    }
  });

  happens(
    'Surroundings',
    'one of two gateways is killed that has accepted requests to several queues',
    'the other one takes their replies and ends them',
    async function () {
      this.timeout(120_000);
      const [quick, later] = [uniqueName('quick'), uniqueName('later')];
      await serve(quick, () => 'quick');
      const ids = Array.from({ length: 20 }, () => randomUUID());
      await Promise.all(
        ids.map((id) => ask(0, [quick, later], { 'message-id': id, prefer: 'respond-async' })),
      );
      const isHalf = async (id: string): Promise<boolean> =>
        (await call(`${url(1)}/requests/${id}`)).json<{ progress: { percent: number } | null }>().progress
          ?.percent === 50;
      for (const id of ids) await until(() => isHalf(id), { what: 'the quick replies' });
      await group!.gateways[0]!.kill();
      const waiting = ids.map((id) =>
        call(`${url(1)}/requests/${id}/reply`, { headers: { prefer: 'wait=60' } }),
      );
      await serve(later, () => 'later');
      for (const answer of await Promise.all(waiting)) {
        expect(answer.status, answer.text()).to.equal(200);
        const { complete, replies } = answer.json<GatheredReplies>();
        expect([complete, replies.map(({ body }) => body)]).to.deep.equal([true, ['quick', 'later']]);
      }
    },
  );
});
