import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  BasicTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier, sendReply } from '#app/library/create-replier.js';
import { createRequestor } from '#app/library/create-requestor.js';
import type { LibraryRequestor } from '#app/library/create-requestor.js';
import { Fault } from '#core/fault.js';
import { silentLogger } from '#core/ports/logger.js';
import type { ReturnAddress } from '#core/return-address.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import { rejectionOf } from '../support/errors.js';
import { uniqueName } from '../support/gateway.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import { until } from '../support/until.js';

/** As the one that programs register, on what Node has for it. */
function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...parameters) =>
      storage.run(active, () => work.apply(self as never, parameters)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

describe('a program with OpenTelemetry of its own', () => {
  let embedded: StartedBroker;
  let broker: Broker;
  let exporter: InMemorySpanExporter;
  let provider: BasicTracerProvider;
  const repliers: Replier[] = [];
  let requestor: LibraryRequestor;

  before(async () => {
    context.setGlobalContextManager(createContextManager());
    embedded = await startBroker();
  });
  after(async () => {
    await embedded.stop();
    context.disable();
  });
  beforeEach(async () => {
    exporter = new InMemorySpanExporter();
    provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const telemetry = { tracerProvider: provider };
    broker = await connectBroker({ url: embedded.url, logger: silentLogger, telemetry });
    requestor = createRequestor({ broker, replyQueue: uniqueName('replies') });
    await requestor.start();
  });
  afterEach(async () => {
    await requestor.stop();
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(1_000)));
    await broker.close();
  });

  async function serve(handler: Handler): Promise<string> {
    const queue = uniqueName('work');
    const replier = createReplier({ broker, queue, handler, retry: { attempts: 1 } });
    repliers.push(replier);
    await replier.start();
    return queue;
  }

  /** The span with this name, when it has ended. */
  function spanNamed(name: string): Promise<ReadableSpan> {
    return until(() => exporter.getFinishedSpans().find((span) => span.name === name), { what: name });
  }

  it('has its own spans around those of the product, and within what a handler does', async () => {
    const tracer = provider.getTracer('program');
    const queue = await serve(async () => {
      await Promise.resolve();
      tracer.startSpan('inside').end();
      return 'done';
    });
    const outer = tracer.startSpan('outer');
    await context.with(trace.setSpan(context.active(), outer), () => requestor.request(queue, {}));
    outer.end();
    const way = ['outer', `request ${queue}`, `send ${queue}`, `process ${queue}`, 'inside'];
    const spans = await Promise.all(way.map(spanNamed));
    expect(spans.map((span) => span.parentSpanContext?.spanId)).to.deep.equal([
      undefined,
      ...spans.slice(0, -1).map((span) => span.spanContext().spanId),
    ]);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).to.equal(1);
  });

  it('sees a fault as the failure of who asked and of who served', async () => {
    const queue = await serve(() => {
      throw new Fault('NO_STOCK', 'nothing left');
    });
    await rejectionOf(requestor.request(queue, {}));
    for (const name of [`request ${queue}`, `process ${queue}`]) {
      expect((await spanNamed(name)).attributes).to.include({ 'error.type': 'NO_STOCK' });
    }
  });

  it('sees an answer that is given later under what the handler did', async () => {
    const addresses: ReturnAddress[] = [];
    const queue = await serve((_request, { defer }) => {
      const address = defer();
      if (address !== null) addresses.push(address);
    });
    const asking = requestor.request(queue, {});
    const kept = await until(() => addresses[0], { what: 'the return address' });
    await sendReply(broker, JSON.parse(JSON.stringify(kept)) as ReturnAddress, 'at last');
    expect((await asking).text()).to.equal('at last');
    const processed = await spanNamed(`process ${queue}`);
    const sent = await spanNamed(`send ${kept.replyTo.name}`);
    expect(sent.parentSpanContext?.spanId).to.equal(processed.spanContext().spanId);
  });
});
