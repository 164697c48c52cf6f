import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { silentLogger } from '#core/ports/logger.js';
import { createReplySettlement } from '#messaging/reply-settlement.js';
import type { ReplySettlement } from '#messaging/reply-settlement.js';
import { createReplyTracing } from '#messaging/reply-tracing.js';
import { failureOf } from '../../support/errors.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { createCountingMeter } from '../../support/recording.js';
import type { RecordingTracer } from '../../support/recording-tracer.js';
import { callerTrace, createRecordingTracer, newTraceparent } from '../../support/recording-tracer.js';
import { newReply, newRequest } from '../../support/requests.js';
import { createRequestWatch } from '#messaging/request-watch.js';

describe('a traced settlement', () => {
  const clock = createManualClock(1_700_000_000_000);
  let store: ReturnType<typeof openMemoryStore>;
  let tracer: RecordingTracer;

  beforeEach(() => {
    store = openMemoryStore(clock);
    tracer = createRecordingTracer();
  });
  afterEach(() => store.close());

  function settlement(settling: Partial<RequestStore> = {}): ReplySettlement {
    const requests = { ...store.requests, ...settling };
    return createReplySettlement({
      store: requests,
      letters: store.deadLetters,
      watch: createRequestWatch(clock),
      logger: silentLogger,
      meter: createCountingMeter(),
      onForward: () => undefined,
      onEnded: () => undefined,
      tracing: createReplyTracing({ tracer, store: requests, replies: queue('replyto.replies') }),
    });
  }

  async function asked(properties: object): Promise<string> {
    const request = newRequest({ properties });
    await store.requests.accept(request, { owner: null, leaseMs: 1_000 });
    return request.id;
  }

  it('follows what the service did in the trace of the request', async () => {
    const id = await asked({ traceparent: callerTrace });
    const answered = { traceparent: newTraceparent('a', 2), tracestate: 'service=1' };
    const reply = newReply(id, { properties: { ...answered, requestDigest: 'd' } });
    await settlement().settle(reply);
    const [span] = tracer.spans;
    expect(span).to.deep.include({ parent: answered, linked: undefined, ends: [undefined] });
    expect(span!.facts).to.deep.include({
      operation: 'settle',
      destination: queue('replyto.replies'),
      message: { messageId: reply.messageId, correlationId: id, body: reply.body },
    });
    // What follows, such as the copy for a Reply-To queue, goes on from here.
    const kept = await store.requests.findReply(id, 1);
    expect(kept!.properties).to.deep.equal({ requestDigest: 'd', ...span!.context });
  });

  it('follows the request, however old, where the service says nothing of a trace', async () => {
    const trace = { traceparent: callerTrace, tracestate: 'caller=1' };
    const id = await asked(trace);
    clock.advance(3 * 86_400_000);
    await settlement().settle(newReply(id));
    expect(tracer.spans[0]).to.deep.include({ parent: trace, linked: {} });
  });

  it('follows the request and links what the service did in a trace of its own', async () => {
    const id = await asked({ traceparent: callerTrace });
    const own = { traceparent: newTraceparent('b', 2) };
    await settlement().settle(newReply(id, { properties: own }));
    expect(tracer.spans[0]).to.deep.include({ parent: { traceparent: callerTrace }, linked: own });
  });

  it('follows the service where no request is known', async () => {
    const own = { traceparent: newTraceparent('b', 2) };
    await settlement().settle(newReply('unknown', { properties: own }));
    expect(tracer.spans[0]).to.deep.include({ parent: own, ends: [undefined] });
  });

  it('ends with the failure of the store', async () => {
    const id = await asked({ traceparent: callerTrace });
    const settle = (): Promise<never> => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));
    const failure = await failureOf(settlement({ settle }).settle(newReply(id)));
    expect([failure.code, tracer.spans[0]!.ends]).to.deep.equal(['STORE_UNAVAILABLE', ['STORE_UNAVAILABLE']]);
  });
});
