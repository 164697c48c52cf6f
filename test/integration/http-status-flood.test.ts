import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
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
  const status = statusBench({ url: () => gateway.url });
  before(async () => {
    gateway = await serveGateway();
    sender = await openStranger(gateway.brokerUrl);
    listener = await openStranger(gateway.brokerUrl);
  });
  after(async () => {
    sender.destroy();
    listener.destroy();
    await gateway.remove();
  });

  happens(
    'Messages',
    'ten thousand status events of one project within a second',
    'all are numbered in the order in which they came, and reach event streams and subscribers of the topic; the gateway answers other calls meanwhile',
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

      let slowestMs = 0;
      const isAlive = async (): Promise<boolean> => {
        const calledAt = performance.now();
        const answer = await call(`${gateway.url}/livez`);
        slowestMs = Math.max(slowestMs, performance.now() - calledAt);
        return answer.status === 200;
      };
      await until(async () => (await isAlive()) && stream.events.length === count, {
        what: 'all events in the stream',
        withinMs: 90_000,
      });
      expect(sequencesOf(dataOf(stream))).to.deep.equal(upTo(count));
      expect(dataOf(stream).map(({ time }) => time)).to.deep.equal(upTo(count));
      const frames = await listener.messages(count);
      expect(frames.map(({ headers: { Sequence } }) => Number(Sequence))).to.deep.equal(upTo(count));
      expect(slowestMs, 'the slowest answer of /livez').to.be.lessThan(3_000);
      const subjects = await call(`${gateway.url}/status/flood/subjects`);
      expect(subjects.json<{ subjects: unknown[] }>().subjects).to.have.lengthOf(50);
    },
  );
});
