import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import type { ClassicBroker } from '../support/activemq.js';
import { startClassic } from '../support/activemq.js';
import { activemqJars } from '../support/activemq-jars.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { uniqueName } from '../support/gateway.js';
import type { GatewayGroup } from '../support/gateway-group.js';
import { serveGatewayGroup } from '../support/gateway-group.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { report } from '../support/report.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

const stoppedMs = 60_000;
const unsent = 50;

describe(titleOn(brokerLabels.classic, 'one of two gateways that is stopped for a minute'), () => {
  let broker: ClassicBroker | undefined;
  let group: GatewayGroup | undefined;
  let service: Broker | undefined;
  let replier: Replier | undefined;
  const runs = new Map<string, (number | undefined)[]>();
  const queue = uniqueName('stopped');

  before(async function () {
    this.timeout(120_000);
    const jars = await activemqJars();
    if ('unavailable' in jars) return skip(this, jars.unavailable);
    broker = await startClassic();
    const served = await serveGatewayGroup(2, broker.url);
    if ('unavailable' in served) return skip(this, served.unavailable);
    group = served;
  });
  after(async function () {
    this.timeout(60_000);
    await replier?.stop(2_000);
    await service?.close();
    await group?.remove();
    await broker?.stop();
  });

  async function serve(): Promise<void> {
    service = await connectBroker({ url: broker!.url, logger: silentLogger });
    replier = createReplier({
      broker: service,
      queue,
      handler: (request) => {
        runs.set(request.messageId, [...(runs.get(request.messageId) ?? []), request.properties.resend]);
        return request.body;
      },
    });
    await replier.start();
  }

  function ask(at: string, prefer: string): Promise<HttpAnswer> & { readonly id: string } {
    const id = randomUUID();
    const headers = { 'content-type': 'application/json', 'message-id': id, prefer };
    return Object.assign(post(`${at}/requests/${queue}`, `"${id}"`, headers), { id });
  }

  happens(
    'Surroundings',
    'one of two gateways is stopped (SIGSTOP) for a minute with requests that it has not sent, and continued',
    'the other one sends them when its lease has run out, each once; the continued one joins again, answers who has waited at it, and sends nothing twice',
    async function () {
      this.timeout(240_000);
      const [stopped, other] = group!.gateways;
      const waiting = ask(stopped!.url, 'wait=150');
      await until(
        async () => (await call(`${stopped!.url}/requests/${waiting.id}`)).json()['status'] === 'sent',
        {
          what: 'the request of the caller who waits to be sent',
        },
      );
      // Accepted and in its hands: the broker takes nothing, and forgets what is on the way to it.
      process.kill(broker!.pid, 'SIGSTOP');
      const asked = Array.from({ length: unsent }, () => ask(stopped!.url, 'respond-async'));
      for (const answer of await Promise.all(asked)) expect(answer.status, answer.text()).to.equal(202);
      process.kill(stopped!.pid, 'SIGSTOP');
      const stoppedAt = performance.now();
      await broker!.kill();
      await broker!.restart();
      await serve();
      for (const { id } of [waiting, ...asked]) {
        const reply = await call(`${other!.url}/requests/${id}/reply`, { headers: { prefer: 'wait=60' } });
        expect([reply.status, reply.text()]).to.deep.equal([200, `"${id}"`]);
      }
      const takenOverMs = performance.now() - stoppedAt;
      await until(() => performance.now() - stoppedAt >= stoppedMs, {
        what: 'a minute to pass',
        withinMs: stoppedMs,
      });
      process.kill(stopped!.pid, 'SIGCONT');
      await until(() => stopped!.output().includes('was taken for dead by another one, and joins again'), {
        what: 'the continued gateway to notice',
      });
      expect([(await waiting).status, (await waiting).text()]).to.deep.equal([200, `"${waiting.id}"`]);
      const after = ask(stopped!.url, 'wait=20');
      expect((await after).status).to.equal(200);
      // It looks each second, and what it had under way has come to an end.
      await until(async () => (await stopped!.metric('replyto_sends_in_flight')) === 0, {
        what: 'its sends to end',
      });
      const expected = [
        [waiting.id, [undefined]],
        ...asked.map(({ id }) => [id, [1]]),
        [after.id, [undefined]],
      ];
      expect([...runs].sort()).to.deep.equal(expected.sort());
      for (const { url } of group!.gateways) expect((await call(`${url}/readyz`)).status).to.equal(200);
      report(
        this,
        `${unsent} requests of a stopped gateway answered through the other one after ${Math.round(takenOverMs / 1_000)} s, ` +
          'each sent once, 0 lost; joined again when it was continued',
      );
    },
  );
});
