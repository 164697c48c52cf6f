/** Two brokers that know nothing of each other, under `failover:(a,b)`: what is sent where, and when it comes back. */
import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { activemqJars } from '../support/activemq-jars.js';
import type { ClassicBroker } from '../support/activemq.js';
import { startClassic } from '../support/activemq.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

describe(titleOn(brokerLabels.classic, 'failover between two brokers'), () => {
  const brokers: ClassicBroker[] = [];
  const services: { replier: Replier; broker: Broker }[] = [];
  let gateway: ServedGateway | undefined;

  before(async function () {
    this.timeout(180_000);
    const jars = await activemqJars();
    if ('unavailable' in jars) return skip(this, jars.unavailable);
    brokers.push(await startClassic());
    brokers.push(await startClassic());
    const brokerUrl = `failover:(${brokers.map(({ url }) => url).join(',')})`;
    gateway = await serveGateway({ brokerUrl });
  });
  after(async function () {
    this.timeout(60_000);
    for (const { replier, broker } of services) {
      await replier.stop(2_000);
      await broker.close();
    }
    await gateway?.remove();
    for (const broker of brokers) await broker.stop();
  });

  async function serve({ url }: ClassicBroker, queue: string): Promise<void> {
    const broker = await connectBroker({ url, logger: silentLogger });
    const replier = createReplier({ broker, queue, concurrency: 50, handler: (request) => request.body });
    services.push({ replier, broker });
    await replier.start();
  }

  async function statusOf(id: string): Promise<unknown> {
    return (await call(`${gateway!.url}/requests/${id}`)).json<{ status: string }>().status;
  }

  it('goes on over the second when the first dies, and finds on the first what was left there', async function () {
    this.timeout(240_000);
    const [first, second] = brokers as [ClassicBroker, ClassicBroker];
    const { url } = gateway!;
    const left = uniqueName('left');
    const queue = uniqueName('shared');
    await serve(first, queue);
    await serve(second, queue);
    // Nobody serves it yet: it is on the first broker, confirmed, when that dies.
    const headers = { prefer: 'respond-async', 'message-id': `id-${left}` };
    expect((await post(`${url}/requests/${left}`, 'left behind', headers)).status).to.equal(202);
    await until(async () => (await statusOf(`id-${left}`)) === 'sent', { what: 'the receipt' });

    const load = startRequestLoad({ url, queue, callers: 10, pauseMs: 20, headers: { prefer: 'wait=1' } });
    await until(() => load.accepted.length > 100, { what: 'calls over the first broker', withinMs: 30_000 });
    await first.kill();
    const before = load.accepted.length;
    await until(() => load.accepted.length > before + 100, {
      what: 'calls over the second',
      withinMs: 60_000,
    });
    await load.stop();
    const sentByNow = await gateway!.metric('replyto_requests_sent_total');
    expect(sentByNow).to.be.greaterThan(before);

    await first.restart();
    await serve(first, left);
    const outstanding = async (): Promise<string[]> => {
      const open: string[] = [];
      for (const id of load.accepted) if ((await statusOf(id)) !== 'replied') open.push(id);
      return open;
    };
    // What the second took is answered; what is left is on the first, where the gateway is not.
    await until(async () => (await gateway!.metric('replyto_requests_unsent')) === 0, {
      what: 'everything sent',
      withinMs: 30_000,
    });
    const stuck = await outstanding();
    await second.kill();
    const answer = await call(`${url}/requests/id-${left}/reply`, { headers: { prefer: 'wait=60' } });
    expect([answer.status, answer.text()]).to.deep.equal([200, 'left behind']);
    // Whatever the second still held comes when it is back and the gateway, its first gone once more, returns to it.
    await second.restart();
    if ((await outstanding()).length > 0) await first.kill();
    const { lost, wrong } = await outcomeOf(url, load.accepted, 60);
    report(
      this,
      `${load.accepted.length} accepted, ${stuck.length} of them stuck on the first for a while: ${lost} lost, ${wrong} wrong`,
    );
    expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
    expect(load.refused, 'refused calls').to.equal(0);
  });
});
