import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import type { MessageFacts } from '#core/ports/tracer.js';
import type { ReturnAddress } from '#core/return-address.js';
import { createTracedChannel } from '#messaging/traced-channel.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { RecordedSpan, RecordingTracer } from '../../support/recording-tracer.js';
import { callerTrace, createRecordingTracer } from '../../support/recording-tracer.js';
import { replierBench } from './replier-bench.js';

describe('a traced replier', () => {
  const bench = replierBench();
  let tracer: RecordingTracer;

  beforeEach(() => {
    tracer = createRecordingTracer();
  });

  /** With the channel as the library has it. */
  const traced = (): object => ({ tracer, channel: createTracedChannel(bench.channel, tracer) });
  const asked = { properties: { traceparent: callerTrace, tracestate: 'v=1' } };
  const spansOf = (operation: MessageFacts['operation']): RecordedSpan[] =>
    tracer.spans.filter(({ facts }) => 'operation' in facts && facts.operation === operation);

  it('continues the trace of the request, gives it to the handler, and sends the reply under it', async () => {
    let seen: object = {};
    await bench.start((request) => {
      seen = request.properties;
      return 'done';
    }, traced());
    await bench.ask(asked);
    const [process] = spansOf('process');
    const [send] = spansOf('send');
    expect(process).to.deep.include({ parent: asked.properties, ends: [undefined] });
    expect(seen).to.include(process!.context);
    expect(seen).to.not.have.property('tracestate');
    expect(send!.parent).to.deep.equal(process!.context);
    expect(bench.replies()[0]!.properties).to.include(send!.context);
    expect([spansOf('process').length, spansOf('send').length]).to.deep.equal([1, 1]);
  });

  it('begins a trace for a request that has none', async () => {
    await bench.start(() => 'done', traced());
    await bench.ask();
    expect(spansOf('process')[0]!.parent).to.deep.equal({});
    expect(bench.replies()[0]!.properties.traceparent).to.match(/^00-f{32}-/u);
  });

  it('gives the trace to whoever answers later', async () => {
    let address: ReturnAddress | null = null;
    await bench.start((_request, { defer }) => void (address = defer()), traced());
    await bench.ask(asked);
    const [process] = spansOf('process');
    expect(process!.ends).to.deep.equal([undefined]);
    expect((address as ReturnAddress | null)?.properties).to.deep.include(process!.context);
  });

  it('ends with the code of a fault', async () => {
    await bench.start(() => {
      throw new Fault('NO_STOCK', 'nothing left');
    }, traced());
    await bench.ask(asked);
    expect(spansOf('process')[0]!.ends[0]).to.equal('NO_STOCK');
    expect(bench.replies()[0]!.properties).to.include({ fault: true });
  });

  it('ends with the name of an error before the pause that follows, and a retry goes on from there', async () => {
    await bench.start(() => {
      throw new RangeError('too far');
    }, traced());
    await bench.ask(asked);
    const [process] = spansOf('process');
    expect(process!.ends).to.deep.equal(['RangeError']);
    expect(bench.retries()).to.deep.equal([]);
    await passTime(bench.clock, 1_000);
    const [retry] = bench.retries();
    const [send] = spansOf('send');
    expect(send!.parent).to.deep.equal(process!.context);
    expect(retry!.properties).to.include({ attempt: 2, ...send!.context });
  });

  it('touches no trace where nothing is traced', async () => {
    await bench.start(() => 'done');
    await bench.ask(asked);
    await settled();
    expect(bench.replies()[0]!.properties).to.deep.include(asked.properties);
  });
});
