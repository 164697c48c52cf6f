import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { freePort } from '../support/free-port.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { CollectorManner, OtlpCollector } from '../support/otlp-collector.js';
import { startOtlpCollector } from '../support/otlp-collector.js';
import type { RecordingLogger } from '../support/recording.js';
import { createRecordingLogger } from '../support/recording.js';

const calls = 50;

describe('a collector in trouble', () => {
  let collector: OtlpCollector | undefined;
  let gateway: TestGateway | undefined;
  let logger: RecordingLogger;

  beforeEach(() => {
    logger = createRecordingLogger();
  });
  afterEach(async () => {
    await gateway?.stop();
    await collector?.stop();
    [gateway, collector] = [undefined, undefined];
  });

  async function collecting(manner: CollectorManner): Promise<string> {
    collector = await startOtlpCollector(manner);
    return collector.url;
  }

  async function start(endpoint: string): Promise<TestGateway> {
    gateway = await startGateway({ settings: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, logger });
    return gateway;
  }

  /** Milliseconds that the stop took, which is done with it. */
  async function stopWithin(deadlineMs: number): Promise<number> {
    const beganAt = performance.now();
    await gateway?.stop(deadlineMs);
    gateway = undefined;
    return performance.now() - beganAt;
  }

  async function serveCalls({ url, broker }: TestGateway): Promise<void> {
    const queue = uniqueName('prices');
    const replier = createReplier({ broker, queue, handler: ({ body }) => body });
    await replier.start();
    const answers = await Promise.all(
      Array.from({ length: calls }, (_, index) =>
        post(`${url}/requests/${queue}`, String(index), { prefer: 'wait=20' }),
      ),
    );
    await replier.stop();
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
    expect(answers.map((answer) => answer.text())).to.deep.equal(answers.map((_, index) => String(index)));
  }

  /** The answers of a gateway that tells this collector, and its stop. */
  async function servesAndStops(endpoint: string): Promise<void> {
    await serveCalls(await start(endpoint));
    expect(await stopWithin(3_000)).to.be.lessThan(6_000);
  }

  happens(
    'Surroundings',
    'the collector of telemetry is not there',
    'every call is answered as without one, and the gateway stops in time',
    async () => servesAndStops(`http://127.0.0.1:${await freePort()}`),
  );

  happens(
    'Surroundings',
    'the collector of telemetry takes what is sent and never answers',
    'every call is answered as without one, and the gateway stops in time',
    async () => servesAndStops(await collecting('hang')),
  );

  happens(
    'Surroundings',
    'the collector of telemetry answers with 503 or 404',
    'every call is answered as without one, and the gateway stops in time',
    async () => {
      await servesAndStops(await collecting(503));
      await collector?.stop();
      await servesAndStops(await collecting(404));
    },
  );

  happens(
    'Surroundings',
    'the collector of telemetry refuses all that it gets',
    'that is lost, and told in the log once a minute at most for traces and for metrics each',
    async () => {
      await serveCalls(await start(await collecting(400)));
      await stopWithin(5_000);
      const told = logger.entries.filter(({ sentence }) =>
        sentence.startsWith('the collector does not take'),
      );
      expect(told.map(({ level, sentence }) => `${level} ${sentence}`)).to.have.members([
        'warn the collector does not take spans; they are lost',
        'warn the collector does not take metrics; they are lost',
      ]);
      for (const { facts } of told) {
        expect(facts).to.include({ endpoint: collector?.url });
        expect(facts['lost']).to.be.greaterThan(0);
        expect(facts['reason']).to.be.a('string').and.not.equal('');
      }
    },
  );

  it('gets all that waited when the gateway stops', async () => {
    const { url } = await start(await collecting('take'));
    for (let index = 0; index < calls; index += 1) {
      expect((await call(`${url}/requests?limit=1`)).status).to.equal(200);
    }
    await stopWithin(5_000);
    const spans = collector?.spans.filter(({ name }) => name === 'GET /requests');
    expect(spans).to.have.length(calls);
    expect(logger.sentences('warn')).to.deep.equal([]);
  });
});
