import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { cli } from '../support/cli.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import type { GatewayGroup } from '../support/gateway-group.js';
import { serveGatewayGroup } from '../support/gateway-group.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { problemOf } from '../support/http-bench.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

const json = { 'content-type': 'application/json' };
const startedWhen = '[+] prefix: used by this deployment alone';

/** Three processes on one store and one broker, each with one role. */
export function describeRoles(brokerUrl: () => string): void {
  let group: GatewayGroup | undefined;
  let broker: Broker | undefined;
  let gateway: ServedGateway;
  let correlator: ServedGateway;
  let relay: ServedGateway;
  const repliers: Replier[] = [];

  before(async function () {
    this.timeout(120_000);
    const served = await serveGatewayGroup(0, brokerUrl());
    if ('unavailable' in served) skip(this, served.unavailable);
    group = served;
    [gateway, correlator, relay] = (await Promise.all(
      ['gateway', 'correlator', 'relay'].map((role) => served.add({ REPLYTO_ROLES: role }, startedWhen)),
    )) as [ServedGateway, ServedGateway, ServedGateway];
    broker = await connectBroker({ url: brokerUrl(), logger: silentLogger });
    await verbose(correlator, '[+] replies: being received');
    await verbose(gateway, '[+] roles: gateway here; each has a running process');
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
  });
  after(async function () {
    this.timeout(60_000);
    await broker?.close();
    await group?.remove();
  });

  async function serve(queue: string): Promise<void> {
    const replier = createReplier({ broker: broker!, queue, concurrency: 100, handler: ({ body }) => body });
    repliers.push(replier);
    await replier.start();
  }

  const ask = (queue: string, body: string, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
    post(`${gateway.url}/requests/${queue}`, body, { ...json, ...headers });

  const readiness = async ({ url }: ServedGateway): Promise<string> =>
    (await call(`${url}/readyz?verbose`)).text();

  async function verbose(process: ServedGateway, says: string): Promise<void> {
    await until(async () => (await readiness(process)).includes(says), { what: says, withinMs: 30_000 });
  }

  it('answer who waits, in milliseconds', async function () {
    const queue = uniqueName('roles');
    await serve(queue);
    const times: number[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const askedAt = performance.now();
      const answer = await ask(queue, `"${turn}"`, { prefer: 'wait=20' });
      times.push(performance.now() - askedAt);
      expect([answer.status, answer.text()]).to.deep.equal([200, `"${turn}"`]);
    }
    times.sort((one, other) => one - other);
    const [median, slowest] = [times[15]!, times[29]!].map((ms) => Math.round(ms)) as [number, number];
    report(this, `median ${median} ms, slowest ${slowest} ms of 30 calls, one role in each process`);
    // A look into the store alone would take half a second on average, and as much again for the answer.
    expect(median).to.be.lessThan(250);
  });

  it('answer who comes back, and the Reply-To of who does not', async () => {
    const queue = uniqueName('roles');
    const answers = uniqueName('answers');
    const id = randomUUID();
    const accepted = await ask(queue, '"later"', {
      prefer: 'respond-async',
      'message-id': id,
      'reply-to': answers,
    });
    expect(accepted.status, accepted.text()).to.equal(202);
    const waiting = call(`${gateway.url}/requests/${id}/reply`, { headers: { prefer: 'wait=30' } });
    await serve(queue);
    expect((await waiting).text()).to.equal('"later"');
    const read = await call(`${gateway.url}/queues/${answers}/messages`, { headers: { prefer: 'wait=20' } });
    expect([read.status, read.text(), read.headers['correl-id']]).to.deep.equal([200, '"later"', id]);
    const document = (await call(`${gateway.url}/requests/${id}`)).json<{
      sentAt: string;
      attempts: number;
    }>();
    expect(document).to.include({ attempts: 1 });
    expect(document.sentAt).to.be.a('string');
  });

  it('end what nobody answers, and give back what nobody acknowledges', async () => {
    const queue = uniqueName('nobody');
    const expired = await ask(queue, '1', { prefer: 'wait=20', 'request-timeout': '1' });
    problemOf(expired, 504, 'REQUEST_EXPIRED');
    const messages = `${gateway.url}/queues/${queue}/messages`;
    const first = await call(messages, { headers: { prefer: 'wait=20', 'lease-seconds': '1' } });
    expect(first.status).to.equal(200);
    const again = await call(messages, { headers: { prefer: 'wait=20' } });
    expect([again.status, again.headers['message-id']]).to.deep.equal([200, first.headers['message-id']]);
  });

  it('bring the status events of a project to who follows it', async () => {
    const project = uniqueName('project');
    const stream = await openEvents(`${gateway.url}/status/${project}`, { accept: 'text/event-stream' });
    for (const percent of [1, 2, 3]) {
      const event = { id: randomUUID(), subject: 'nightly', kind: 'progress', percent, time: Date.now() };
      expect(
        (await post(`${gateway.url}/status/${project}`, JSON.stringify(event), json)).status,
      ).to.be.within(200, 204);
    }
    await until(() => stream.events.length >= 3, { what: 'three events' });
    expect(stream.events.map(({ data }) => (data as { sequence: number }).sequence)).to.deep.equal([1, 2, 3]);
    stream.close();
  });

  happens(
    'HTTP',
    'a call comes to a process that has not the role gateway',
    '421 that names its roles; it answers what operators ask',
    async () => {
      for (const process of [correlator, relay]) {
        problemOf(await post(`${process.url}/requests/x`, '1', json), 421, 'NOT_A_GATEWAY');
        expect((await call(`${process.url}/readyz`)).status).to.equal(200);
        expect(await process.metric('replyto_broker_up')).to.equal(1);
      }
    },
  );

  happens(
    'Surroundings',
    'no process with the role correlator runs',
    'each of the others says so in /readyz?verbose and stays ready; doctor says it, too; what is asked is answered once there is one',
    async function () {
      this.timeout(120_000);
      const queue = uniqueName('roles');
      await serve(queue);
      await correlator.stop();
      const missing =
        '[-] roles: no running process has the role correlator: replies wait at the broker, and nobody is answered';
      await verbose(gateway, missing);
      await verbose(relay, missing);
      expect((await call(`${gateway.url}/readyz`)).status).to.equal(200);
      const env = { STORE_URL: group!.database.url, BROKER_URL: brokerUrl(), REPLYTO_PREFIX: group!.prefix };
      const { stdout } = await cli(['doctor', '--url', gateway.url], { env });
      expect(stdout)
        .to.include('2 processes use it now')
        .and.to.include('no running process has the role correlator');
      const id = randomUUID();
      expect((await ask(queue, '"kept"', { prefer: 'wait=1', 'message-id': id })).status).to.equal(202);
      await correlator.restart();
      const answer = await call(`${gateway.url}/requests/${id}/reply`, { headers: { prefer: 'wait=30' } });
      expect(answer.text()).to.equal('"kept"');
      await verbose(gateway, '[+] roles');
    },
  );

  happens(
    'Surroundings',
    'the only correlator and the only relay are killed under load, one after the other, and started again',
    'the gateway goes on to accept, and nothing is lost',
    async function () {
      this.timeout(240_000);
      const queue = uniqueName('roles');
      await serve(queue);
      const load = startRequestLoad({
        ...{ url: gateway.url, queue, callers: 5, pauseMs: 10 },
        headers: { prefer: 'respond-async' },
      });
      const more = async (count: number): Promise<void> => {
        const goal = load.accepted.length + count;
        await until(() => load.accepted.length >= goal, { what: `${count} more accepted`, withinMs: 60_000 });
      };
      try {
        for (const process of [correlator, relay]) {
          await more(100);
          await process.kill();
          await more(100);
          await process.restart();
        }
        await more(100);
      } finally {
        await load.stop();
      }
      const { lost, wrong } = await outcomeOf(gateway.url, load.accepted, 60);
      report(
        this,
        `${load.accepted.length} accepted, correlator and relay killed: ${lost} lost, ${wrong} wrong`,
      );
      expect({ lost, wrong, refused: load.refused }).to.deep.equal({ lost: 0, wrong: 0, refused: 0 });
    },
  );
}
