import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import type { RequestStatus } from '#schema/request-status.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import type { FullBroker } from '../support/full-broker.js';
import { startFullBroker } from '../support/full-broker.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { RecordingLogger } from '../support/recording.js';
import { createRecordingLogger } from '../support/recording.js';
import { report } from '../support/report.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

const receiptTimeoutMs = 2_000;

describe(titleOn(brokerLabels.classic, 'a broker whose queues are full'), function () {
  this.timeout(180_000);
  let broker: FullBroker | undefined;
  let gateway: TestGateway;
  let logger: RecordingLogger;
  const repliers: Replier[] = [];

  before(async function () {
    const started = await startFullBroker({ queueBytes: 256 * 1024 });
    if ('unavailable' in started) return skip(this, started.unavailable);
    broker = started;
    logger = createRecordingLogger();
    gateway = await startGateway({
      brokerUrl: broker.url,
      settings: { REPLYTO_BROKER__RECEIPT_TIMEOUT_MS: String(receiptTimeoutMs) },
      logger,
    });
    await until(async () => (await call(`${gateway.url}/readyz?verbose`)).text().includes('[+] replies'), {
      what: 'the gateway to receive replies',
    });
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
  });
  after(async () => {
    if (broker === undefined) return;
    await gateway.stop();
    await broker.stop();
  });

  async function serve(queue: string): Promise<void> {
    const replier = createReplier({ broker: gateway.broker, queue, handler: () => 'done' });
    repliers.push(replier);
    await replier.start();
  }

  const readiness = async (): Promise<string> => (await call(`${gateway.url}/readyz?verbose`)).text();

  happens(
    'Surroundings',
    'the memory limit of a queue at ActiveMQ Classic is reached, and receipts are withheld',
    'that queue is held back and named by readyz, other queues go on, and when a consumer makes room all of it is answered: nothing is lost',
    async function () {
      const [full, other] = [uniqueName('full'), uniqueName('other')];
      await serve(other);
      const ids = Array.from({ length: 100 }, (_, index) => `${full}-${index}`);
      const body = Buffer.alloc(10_000, 'x');
      for (const id of ids) {
        const answer = await post(`${gateway.url}/requests/${full}`, body, {
          'message-id': id,
          prefer: 'respond-async',
        });
        expect(answer.status).to.equal(202);
      }
      // For several deadlines of receipts, so that some probes miss theirs.
      const times: number[] = [];
      const endAt = performance.now() + 5 * receiptTimeoutMs;
      while (performance.now() < endAt) {
        const startedAt = performance.now();
        const answer = await post(`${gateway.url}/requests/${other}`, '{}', { prefer: 'wait=20' });
        expect([answer.status, answer.text()]).to.deep.equal([200, 'done']);
        times.push(performance.now() - startedAt);
      }
      await until(async () => (await readiness()).includes(`the broker does not take messages for ${full}`), {
        what: 'the queue to be named',
      });
      const list = async (status: string): Promise<number> =>
        (await call(`${gateway.url}/requests?queue=${full}&status=${status}&limit=500`)).json<{
          requests: RequestStatus[];
        }>().requests.length;
      const unsent = await list('accepted');
      expect(unsent).to.be.within(1, 99);

      await serve(full);
      await until(async () => (await list('replied')) === ids.length, {
        what: 'all replies',
        withinMs: 60_000,
      });
      await until(async () => !(await readiness()).includes('queues:'), {
        what: 'the queue to be free',
      });
      const slowest = Math.round(Math.max(...times));
      report(
        this,
        `100 requests to a queue that takes 256 KiB, ${unsent} of them held back, ${times.length} to another meanwhile: ` +
          `the slowest of those after ${slowest} ms, 0 lost`,
      );
      const told = logger.entries
        .filter(({ facts }) => facts['queue'] === full)
        .map(({ sentence }) => sentence);
      expect(told[0]).to.equal('the queue is held back');
      expect(told.at(-1)).to.match(/takes messages again|nothing waits any more/u);
      // Once for each probe that failed, not for each message.
      expect(told.length).to.be.at.most(10);
    },
  );

  happens(
    'Surroundings',
    'the Reply-To queue of a caller is full for long',
    'deliveries to it are tried over a connection of their own; requests, replies and other deliveries go on, and nothing is dead-lettered',
    async () => {
      const [replyTo, work] = [uniqueName('answers'), uniqueName('work')];
      const service = createReplier({
        broker: gateway.broker,
        queue: work,
        handler: () => Buffer.alloc(100_000, 'y'),
      });
      repliers.push(service);
      await service.start();
      const told = logger.entries.length;
      for (let count = 0; count < 10; count += 1) {
        const answer = await post(`${gateway.url}/requests/${work}`, '{}', {
          prefer: 'wait=20',
          'reply-to': replyTo,
        });
        expect(answer.status).to.equal(200);
      }
      await until(
        async () => (await readiness()).includes(`the broker does not take messages for ${replyTo}`),
        {
          what: 'the Reply-To queue to be held back',
        },
      );
      const missed = (): number =>
        logger.entries
          .slice(told)
          .filter(
            ({ sentence, facts }) => sentence === 'the queue is held back' && facts['queue'] === replyTo,
          ).length;
      await until(() => missed() >= 2, { what: 'a second missing receipt' });
      const answer = await post(`${gateway.url}/requests/${work}`, '{}', { prefer: 'wait=20' });
      expect(answer.status).to.equal(200);

      const received = new Set<string>();
      await gateway.broker.parts.broker.source.subscribe(
        { kind: 'queue', name: replyTo },
        {
          prefetch: 100,
          onDelivery: (delivery) => {
            received.add(delivery.message.correlationId ?? '');
            delivery.acknowledge();
          },
        },
      );
      await until(() => received.size === 10, { what: 'all ten replies', withinMs: 60_000 });
    },
  );
});
