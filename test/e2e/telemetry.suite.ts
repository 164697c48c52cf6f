import { expect } from 'chai';
import { connectBroker } from '#app/library/connect-broker.js';
import { queue as queueNamed } from '#core/destination.js';
import type { Message } from '#core/message.js';
import { silentLogger } from '#core/ports/logger.js';
import { parseTraceparent } from '#core/trace-context.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import type { CollectedSpan, OtlpCollector } from '../support/otlp-collector.js';
import { startOtlpCollector } from '../support/otlp-collector.js';
import { processes } from '../support/process.js';
import type { RunningProcess } from '../support/process.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const callerHeaders = { traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: 'caller=1' };

interface TracedBroker {
  /** Undefined = the embedded broker of the gateway. */
  readonly url: () => string | undefined;
  /** What the conventions call it. */
  readonly system: string;
}

/** One call through the gateway, the broker, a service in another process and back, as a collector sees it. */
export function describeTelemetry({ url, system }: TracedBroker): void {
  const prefix = `trace-${Date.now()}`;
  const children = processes();
  let collector: OtlpCollector;
  let gateway: ServedGateway;

  beforeEach(async () => {
    collector = await startOtlpCollector();
    const brokerUrl = url();
    gateway = await serveGateway({
      ...(brokerUrl === undefined ? {} : { brokerUrl }),
      settings: {
        REPLYTO_PREFIX: prefix,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
    });
  });
  afterEach(async () => {
    // Not there when the suite was skipped.
    await (gateway as ServedGateway | undefined)?.remove();
    await collector.stop();
    expect(collector.faults).to.deep.equal([]);
  });

  async function serve(queue: string): Promise<RunningProcess> {
    const service = children.startSource(
      'test/support/programs/traced-service.ts',
      [gateway.brokerUrl, queue, prefix, collector.url],
      { env: { OTEL_BSP_SCHEDULE_DELAY: '50' } },
    );
    await service.line(/^serving$/mu);
    return service;
  }

  /** The one span of this trace with this name, as soon as the collector has it. */
  function spanNamed(name: string): Promise<CollectedSpan> {
    const find = (): CollectedSpan | undefined =>
      collector.spans.find((span) => span.traceId === traceId && span.name === name);
    return until(find, { what: `the span '${name}'` });
  }

  it('goes through the gateway, the broker, a service in another process and back, to a Reply-To queue too', async () => {
    const queue = uniqueName('prices');
    const answers = uniqueName('answers');
    await serve(queue);
    const received = await listen(answers);
    const answer = await post(`${gateway.url}/requests/${queue}`, '{"sku":7}', {
      ...callerHeaders,
      ...{ 'message-id': queue, 'reply-to': answers, prefer: 'wait=20' },
    });
    expect(answer.status, answer.text()).to.equal(200);

    const asked = await spanNamed('POST /requests/{queue}');
    const sent = await spanNamed(`send ${queue}`);
    const processed = await spanNamed(`process ${queue}`);
    const replied = await spanNamed(`send ${prefix}.replies`);
    const settled = await spanNamed(`settle ${prefix}.replies`);
    const forwarded = await spanNamed(`send ${answers}`);

    const way = [asked, sent, processed, replied, settled, forwarded];
    expect(way.map(({ parentSpanId }) => parentSpanId)).to.deep.equal([
      callerSpan,
      ...way.slice(0, -1).map(({ spanId }) => spanId),
    ]);
    expect(way.map(({ kind }) => kind)).to.deep.equal([
      ...['SERVER', 'PRODUCER', 'CONSUMER', 'PRODUCER', 'CONSUMER', 'PRODUCER'],
    ]);
    expect(way.map(({ service }) => service)).to.deep.equal([
      ...['replyto', 'replyto', 'prices', 'prices', 'replyto', 'replyto'],
    ]);
    expect(new Set(collector.spans.filter((span) => span.traceId === traceId)).size).to.equal(way.length);
    for (const span of way) {
      expect(span).to.deep.include({ isError: false, links: [], tracestate: 'caller=1' });
      expect(span.attributes['messaging.message.conversation_id']).to.equal(queue);
    }
    expect(asked.attributes).to.include({
      'http.request.method': 'POST',
      'http.route': '/requests/{queue}',
      'http.response.status_code': 200,
      'url.path': `/requests/${queue}`,
      'url.scheme': 'http',
    });
    expect(sent.attributes).to.include({
      'messaging.system': system,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': queue,
      'messaging.message.id': queue,
      'messaging.message.body.size': 9,
    });
    expect(processed.attributes).to.include({
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': queue,
      'messaging.message.id': queue,
    });
    expect(settled.attributes).to.include({
      'messaging.operation.name': 'settle',
      'messaging.operation.type': 'process',
      'messaging.destination.name': `${prefix}.replies`,
      'messaging.message.id': replied.attributes['messaging.message.id'],
    });
    expect(asked.resource).to.include({ 'service.name': 'replyto' });
    expect(asked.resource).to.include.keys('service.version', 'service.instance.id');

    // The handler sees where it stands, and whoever reads the Reply-To queue goes on from there.
    expect(parseTraceparent(answer.text())).to.include({ traceId, spanId: processed.spanId });
    const copy = await until(() => received[0], { what: 'the copy on the Reply-To queue' });
    expect(parseTraceparent(copy.properties.traceparent)).to.include({ traceId, spanId: forwarded.spanId });
  });

  it('is joined by a reply that comes after a restart of the gateway', async () => {
    const queue = uniqueName('prices');
    const answer = await post(`${gateway.url}/requests/${queue}`, '{}', {
      ...callerHeaders,
      ...{ 'message-id': queue, prefer: 'respond-async' },
    });
    expect(answer.status).to.equal(202);
    const asked = await spanNamed('POST /requests/{queue}');
    await spanNamed(`send ${queue}`);
    await gateway.restart();
    await answerWithoutTrace(queue);
    const settled = await spanNamed(`settle ${prefix}.replies`);
    expect(settled).to.deep.include({ parentSpanId: asked.spanId, links: [], service: 'replyto' });
    const status = await call(`${gateway.url}/requests/${queue}`);
    expect(status.json()).to.include({ status: 'replied' });
  });

  /** As a service does that knows nothing of traces. */
  async function answerWithoutTrace(queue: string): Promise<void> {
    const broker = await connectBroker({ url: gateway.brokerUrl, logger: silentLogger });
    try {
      const { channel, source } = broker.parts.broker;
      const received: Message[] = [];
      await source.subscribe(queueNamed(queue), {
        prefetch: 1,
        onDelivery: (delivery) => {
          received.push(delivery.message);
          delivery.acknowledge();
        },
      });
      const request = await until(() => received[0], { what: 'the request' });
      await channel.send(request.replyTo!, {
        ...request,
        messageId: `${request.messageId}-reply`,
        correlationId: request.messageId,
        replyTo: null,
        properties: {},
      });
    } finally {
      await broker.close();
    }
  }

  const brokers: { close(): Promise<void> }[] = [];
  afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())));

  async function listen(queue: string): Promise<Message[]> {
    const broker = await connectBroker({ url: gateway.brokerUrl, logger: silentLogger });
    brokers.push(broker);
    const received: Message[] = [];
    await broker.parts.broker.source.subscribe(queueNamed(queue), {
      prefetch: 10,
      onDelivery: (delivery) => {
        received.push(delivery.message);
        delivery.acknowledge();
      },
    });
    return received;
  }
}
