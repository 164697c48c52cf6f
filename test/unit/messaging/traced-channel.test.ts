import { expect } from 'chai';
import { queue, topic } from '#core/destination.js';
import { createTracedChannel } from '#messaging/traced-channel.js';
import { failureOf } from '../../support/errors.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingTracer } from '../../support/recording-tracer.js';
import { callerTrace, createRecordingTracer } from '../../support/recording-tracer.js';

describe('a traced channel', () => {
  let channel: FakeChannel;
  let tracer: RecordingTracer;
  const message = newMessage({ properties: { traceparent: callerTrace, tracestate: 'v=1', project: 'p' } });

  beforeEach(() => {
    channel = createFakeChannel();
    tracer = createRecordingTracer();
  });

  it('sends a message under the trace of its send, which ends with the receipt', async () => {
    channel.always('hold');
    const sent = createTracedChannel(channel, tracer).send(queue('q'), message, { brokerExpiresAt: 7 });
    const [frame] = channel.sent;
    const [span] = tracer.spans;
    expect(span).to.deep.include({
      facts: { operation: 'send', destination: queue('q'), message },
      parent: { traceparent: callerTrace, tracestate: 'v=1' },
    });
    expect(frame!.message).to.deep.equal({ ...message, properties: { project: 'p', ...span!.context } });
    expect(frame!.options).to.deep.equal({ brokerExpiresAt: 7 });
    expect(span!.ends).to.deep.equal([]);
    frame!.answer('confirm');
    await sent;
    expect(span!.ends).to.deep.equal([undefined]);
  });

  it('ends with the code of what went wrong, which goes on to whoever sends', async () => {
    channel.next('RECEIPT_TIMEOUT');
    const failure = await failureOf(createTracedChannel(channel, tracer).send(queue('q'), message));
    expect(failure.code).to.equal('RECEIPT_TIMEOUT');
    expect(tracer.spans[0]!.ends).to.deep.equal(['RECEIPT_TIMEOUT']);
  });

  it('leaves alone what belongs to no trace, what is published, and what is tried while the broker is away', async () => {
    const traced = createTracedChannel(channel, tracer);
    const plain = newMessage();
    await traced.send(queue('q'), plain);
    await traced.publish(topic('t'), message);
    channel.down();
    expect((await failureOf(traced.send(queue('q'), message))).code).to.equal('BROKER_UNAVAILABLE');
    expect(channel.sent.map((frame) => frame.message)).to.deep.equal([plain, message]);
    expect(tracer.spans).to.deep.equal([]);
  });

  it('is up when the channel behind it is', () => {
    const traced = createTracedChannel(channel, tracer);
    let ups = 0;
    const stop = traced.onUp(() => (ups += 1));
    channel.down();
    expect(traced.isUp()).to.equal(false);
    channel.up();
    stop();
    channel.up();
    expect([traced.isUp(), ups, channel.listeners]).to.deep.equal([true, 1, 0]);
  });
});
