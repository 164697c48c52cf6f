import { expect } from 'chai';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker, ConnectBrokerOptions } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { createRequestor } from '#app/library/create-requestor.js';
import { queue as queueNamed } from '#core/destination.js';
import type { Message } from '#core/message.js';
import { silentLogger } from '#core/ports/logger.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import type { CollectedPoint, CollectedSpan, OtlpCollector } from '../support/otlp-collector.js';
import { startOtlpCollector } from '../support/otlp-collector.js';
import { until } from '../support/until.js';

describe('telemetry', () => {
  let collector: OtlpCollector;
  let gateway: TestGateway | undefined;

  beforeEach(async () => {
    collector = await startOtlpCollector();
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
    await collector.stop();
    expect(collector.faults).to.deep.equal([]);
  });

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
    gateway = await startGateway({ settings: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...settings } });
    return gateway;
  }

  /** What waits is sent then. */
  async function stop(): Promise<void> {
    await gateway?.stop();
    gateway = undefined;
  }

  async function takeFrom({ parts }: Broker, queue: string): Promise<Message[]> {
    const received: Message[] = [];
    const subscription = await parts.broker.source.subscribe(queueNamed(queue), {
      prefetch: 1,
      onDelivery: (delivery) => {
        received.push(delivery.message);
        delivery.acknowledge();
      },
    });
    await until(() => received.length > 0, { what: 'the request' });
    await subscription.unsubscribe();
    return received;
  }

  async function askOnce({ url, broker }: TestGateway, queue: string): Promise<void> {
    const replier = createReplier({ broker, queue, handler: () => 'done' });
    await replier.start();
    expect((await post(`${url}/requests/${queue}`, '{}', { prefer: 'wait=20' })).status).to.equal(200);
    await replier.stop();
  }

  const spansNamed = (name: string): CollectedSpan[] => collector.spans.filter((span) => span.name === name);
  const pointsOf = (metric: string): CollectedPoint[] =>
    collector.points.filter((point) => point.metric === metric);

  it('measures by the messaging conventions, naming only queues of configured routes', async () => {
    const started = await start({
      REPLYTO_ROUTES: JSON.stringify([{ path: '/stock/{action}', queue: 'stock.{action}' }]),
    });
    const foreign = uniqueName('foreign');
    await askOnce(started, 'stock.reserve');
    await askOnce(started, foreign);
    await stop();
    const sends = pointsOf('messaging.client.operation.duration');
    expect(sends.map(({ unit, count }) => [unit, count])).to.deep.equal([
      ['s', 1],
      ['s', 1],
    ]);
    const common = {
      'messaging.system': 'replyto',
      'messaging.system.name': 'replyto',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    };
    expect(sends.map(({ attributes }) => attributes)).to.have.deep.members([
      { ...common, 'messaging.destination.template': 'stock.{action}' },
      common,
    ]);
    expect(pointsOf('messaging.client.sent.messages').map(({ count }) => count)).to.deep.equal([1, 1]);
    const [processed, ...others] = pointsOf('messaging.process.duration');
    expect(others).to.deep.equal([]);
    expect(processed).to.deep.include({ count: 2 });
    expect(processed!.attributes).to.include({ 'messaging.operation.name': 'settle' });
    expect(pointsOf('messaging.client.consumed.messages').map(({ count }) => count)).to.deep.equal([2]);
    const [asked] = pointsOf('http.server.request.duration').filter(
      ({ attributes }) => attributes['http.request.method'] === 'POST',
    );
    expect(asked).to.deep.include({
      count: 2,
      attributes: {
        'http.request.method': 'POST',
        'url.scheme': 'http',
        'http.route': '/requests/{queue}',
        'http.response.status_code': 200,
      },
    });
    expect(JSON.stringify(collector.points)).to.not.include(foreign);
  });

  it('names the configured route of a call, the status of each, and errors of this side alone', async () => {
    const { url } = await start({
      REPLYTO_ROUTES: JSON.stringify([{ path: '/orders/{action}', queue: 'orders.{action}' }]),
    });
    await post(`${url}/orders/create`, '{}', { prefer: 'respond-async' });
    await call(`${url}/requests/unknown`);
    await call(`${url}/nowhere/at/all`);
    await call(`${url}/livez`);
    await stop();
    expect(collector.spans.filter(({ kind }) => kind === 'SERVER').map(({ name }) => name)).to.deep.equal([
      ...['POST /orders/{action}', 'GET /requests/{id}', 'GET'],
    ]);
    const [asked] = spansNamed('POST /orders/{action}');
    expect(asked!.attributes).to.include({ 'http.response.status_code': 202 });
    const [unknown] = spansNamed('GET /requests/{id}');
    expect(unknown).to.include({ isError: false, parentSpanId: '' });
    expect(unknown!.attributes).to.include({ 'http.response.status_code': 404 });
  });

  it('begins a trace where the caller has none that can be read, and goes on in it', async () => {
    const { url } = await start();
    const queue = uniqueName('prices');
    const prefer = 'respond-async';
    await post(`${url}/requests/${queue}`, '{}', { prefer, traceparent: 'nonsense', tracestate: 'lost=1' });
    await stop();
    const [asked] = spansNamed('POST /requests/{queue}');
    const [sent] = spansNamed(`send ${queue}`);
    expect(asked).to.include({ parentSpanId: '', tracestate: '' });
    expect(sent).to.include({ parentSpanId: asked!.spanId, traceId: asked!.traceId });
  });

  it('links an answer over HTTP to the call that brought it', async () => {
    const { url, broker } = await start();
    const queue = uniqueName('prices');
    await post(`${url}/requests/${queue}`, '{}', { prefer: 'respond-async', 'message-id': queue });
    const [request] = await takeFrom(broker, queue);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'reply-token': request!.properties.replyToken!, traceparent };
    expect((await post(`${url}/requests/${queue}/reply`, '{}', headers)).status).to.equal(200);
    await stop();
    const [asked] = spansNamed('POST /requests/{queue}');
    const [answered] = spansNamed('POST /requests/{id}/reply');
    const [settled] = collector.spans.filter(({ name }) => name.startsWith('settle '));
    expect(answered).to.include({ traceId: '0af7651916cd43dd8448eb211c80319c' });
    expect(settled).to.deep.include({
      traceId: asked!.traceId,
      parentSpanId: asked!.spanId,
      links: [{ traceId: answered!.traceId, spanId: answered!.spanId }],
    });
  });

  it('samples as the caller did', async () => {
    const { url } = await start();
    const queue = uniqueName('prices');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await post(`${url}/requests/${queue}`, '{}', { prefer: 'respond-async', traceparent });
    await stop();
    expect(collector.spans).to.deep.equal([]);
  });

  it('tells traces alone, metrics alone, or nothing', async () => {
    await askOnce(await start({ OTEL_METRICS_EXPORTER: 'none' }), uniqueName('prices'));
    await stop();
    expect([collector.spans.length > 0, collector.points.length]).to.deep.equal([true, 0]);
    const before = collector.spans.length;
    await askOnce(await start({ OTEL_TRACES_EXPORTER: 'none' }), uniqueName('prices'));
    await stop();
    expect([collector.spans.length, collector.points.length > 0]).to.deep.equal([before, true]);
    const seen = collector.calls();
    await askOnce(await start({ OTEL_SDK_DISABLED: 'true' }), uniqueName('prices'));
    await stop();
    expect(collector.calls()).to.equal(seen);
  });

  describe('of the library', () => {
    const brokers: Broker[] = [];
    afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())));

    async function connect(options: ConnectBrokerOptions): Promise<Broker> {
      const broker = await connectBroker({ logger: silentLogger, ...options });
      brokers.push(broker);
      return broker;
    }

    it('joins a requestor and a service, without a gateway in between', async () => {
      const { brokerUrl: url } = await start({ OTEL_SDK_DISABLED: 'true' });
      const queue = uniqueName('prices');
      const asking = await connect({ url, telemetry: { otlpEndpoint: collector.url, serviceName: 'shop' } });
      const serving = await connect({
        ...{ url, telemetry: { otlpEndpoint: collector.url, serviceName: 'prices', metrics: false } },
      });
      const replier = createReplier({ broker: serving, queue, handler: () => 'done' });
      const replyQueue = uniqueName('shop');
      const requestor = createRequestor({ broker: asking, replyQueue });
      await Promise.all([replier.start(), requestor.start()]);
      expect((await requestor.request(queue, {})).text()).to.equal('done');
      await Promise.all([replier.stop(), requestor.stop()]);
      await Promise.all(brokers.splice(0).map((broker) => broker.close()));
      const names = [
        ...[`request ${queue}`, `send ${queue}`, `process ${queue}`],
        ...[`send ${replyQueue}`, `settle ${replyQueue}`],
      ];
      const way = names.map((name) => spansNamed(name)[0]);
      expect(way.map((span) => span?.name)).to.deep.equal(names);
      expect(way.map((span) => span?.parentSpanId)).to.deep.equal([
        '',
        ...way.slice(0, -1).map((span) => span?.spanId),
      ]);
      expect(way.map((span) => span?.service)).to.deep.equal([
        ...['shop', 'shop', 'prices', 'prices', 'shop'],
      ]);
      // Only the requestor measures; where it sends is nobody's route.
      const services = new Set(
        pointsOf('messaging.process.duration').map(
          ({ attributes }) => attributes['messaging.destination.name'],
        ),
      );
      expect([...services]).to.deep.equal([replyQueue]);
    });

    it('leaves what a service sends under the trace of its request when it has no telemetry', async () => {
      const { url, broker } = await start();
      const queue = uniqueName('prices');
      const replier = createReplier({ broker, queue, handler: () => 'done' });
      await replier.start();
      await post(`${url}/requests/${queue}`, '{}', { prefer: 'wait=20' });
      await replier.stop();
      await stop();
      const [sent] = spansNamed(`send ${queue}`);
      const [settled] = collector.spans.filter(({ name }) => name.startsWith('settle '));
      expect(settled).to.include({ traceId: sent!.traceId, parentSpanId: sent!.spanId });
    });
  });
});
