import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { silentLogger as logger } from '#core/ports/logger.js';
import type { Replier } from '#messaging/replier.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { encodeRawFrame } from '../support/raw-stomp.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { dataOf, sequencesOf, statusBench, upTo } from '../support/status-bench.js';
import type { Stranger } from '../support/stranger.js';
import { openStranger } from '../support/stranger.js';
import { until } from '../support/until.js';

const count = 10_000;

describe('a flood of events', () => {
  let gateway: ServedGateway;
  let sender: Stranger;
  let listener: Stranger;
  let services: Broker;
  let replier: Replier;
  const status = statusBench({ url: () => gateway.url });
  before(async () => {
    gateway = await serveGateway();
    sender = await openStranger(gateway.brokerUrl);
    listener = await openStranger(gateway.brokerUrl);
    services = await connectBroker({ url: gateway.brokerUrl, logger });
    replier = createReplier({ broker: services, queue: 'prices', handler: () => ({ price: 12 }) });
    await replier.start();
  });
  after(async () => {
    await replier.stop(2_000);
    await services.close();
    sender.destroy();
    listener.destroy();
    await gateway.remove();
  });

  happens(
    'Messages',
    'ten thousand status events of one project at once, in one piece',
    'all are numbered in the order in which they came, and reach event streams and subscribers of the topic; the gateway answers other calls and replies to requests meanwhile',
    async function () {
      this.timeout(120_000);
      const stream = await status.follow('flood');
      await listener.follow('status.flood');
      const event = (number: number): string =>
        JSON.stringify({
          ...{ id: `flood-${number}`, project: 'flood', subject: `job ${number % 50}`, time: number },
          ...{ kind: 'progress', percent: number / 100 },
        });
      const headers = { ...sender.toQueue('replyto.status'), persistent: 'true' };
      sender.write(
        Buffer.concat(upTo(count).map((number) => encodeRawFrame('SEND', headers, event(number)))),
      );

      /** How far the stream was at each answer. */
      const answeredAt: number[] = [];
      const isAlive = async (): Promise<boolean> => {
        const answer = await call(`${gateway.url}/livez`);
        answeredAt.push(stream.events.length);
        return answer.status === 200;
      };
      let repliedAt: number | undefined;
      await until(() => stream.events.length > 0, { what: 'the first event' });
      const asked = post(`${gateway.url}/requests/prices`, '{"sku":7}', {
        'content-type': 'application/json',
        prefer: 'wait=60',
      }).then((answer) => {
        repliedAt = stream.events.length;
        return answer;
      });
      await until(async () => (await isAlive()) && stream.events.length === count, {
        what: 'all events in the stream',
        withinMs: 90_000,
      });
      expect(sequencesOf(dataOf(stream))).to.deep.equal(upTo(count));
      expect(dataOf(stream).map(({ time }) => time)).to.deep.equal(upTo(count));
      const frames = await listener.messages(count);
      expect(frames.map(({ headers: { Sequence } }) => Number(Sequence))).to.deep.equal(upTo(count));
      const reply = await asked;
      expect([reply.status, reply.json()]).to.deep.equal([200, { price: 12 }]);
      expect(repliedAt).to.be.lessThan(count);
      const amidst = new Set(answeredAt.filter((told) => told > 0 && told < count));
      expect(amidst.size, 'steps at which /livez was answered').to.be.greaterThan(5);
      const subjects = await call(`${gateway.url}/status/flood/subjects`);
      expect(subjects.json<{ subjects: unknown[] }>().subjects).to.have.lengthOf(50);
    },
  );
});
