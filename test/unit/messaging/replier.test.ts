import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { Fault } from '#core/fault.js';
import type { ReturnAddress } from '#core/return-address.js';
import type { HandlerContext, ReceivedRequest } from '#messaging/handler-run.js';
import { contents } from '#messaging/contents.js';
import { contentDigest } from '#messaging/digest.js';
import { toReplyMessage } from '#messaging/reply-sender.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import { jsonOf, replierBench, replyQueue, requestQueue } from './replier-bench.js';

describe('a replier', () => {
  const bench = replierBench();

  it('answers with what its handler returns, then acknowledges', async () => {
    await bench.start((request) => ({ got: request.json() }));
    const delivery = await bench.ask({ body: Buffer.from('[1]') });
    const [reply, ...others] = bench.replies();
    expect(others).to.deep.equal([]);
    expect(reply).to.include({ correlationId: delivery.message.messageId, contentType: 'application/json' });
    expect(reply!.messageId).to.not.equal(delivery.message.messageId);
    expect(reply!.replyTo).to.equal(null);
    expect(jsonOf(reply)).to.deep.equal({ got: [1] });
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('answers a body that is no JSON with a Fault at once, when the handler asks for JSON', async () => {
    await bench.start((request) => request.json());
    const delivery = await bench.ask({ body: Buffer.from('{broken') });
    const [reply] = bench.replies();
    expect(reply!.properties.fault).to.equal(true);
    expect(jsonOf(reply)).to.deep.include({ code: 'NOT_JSON', status: 422, retryable: false });
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('carries over what the reply needs of its request, and says which body it saw', async () => {
    await bench.start(() => 'yes');
    const properties = { conversationId: 'talk', project: 'shop', storeId: 'store', traceparent: '00-1' };
    const body = Buffer.from('body');
    const parts = { properties: { ...properties, contentDigest: 'sent', attempt: 1, priority: 9 }, body };
    await bench.ask(parts);
    expect(bench.replies()[0]!.properties).to.deep.equal({
      ...properties,
      requestDigest: contentDigest(body),
    });
  });

  it('answers a JMS requestor under the correlation id that it chose', async () => {
    await bench.start(() => 'yes');
    await bench.ask({ correlationId: 'chosen' });
    expect(bench.replies()[0]!.correlationId).to.equal('chosen');
  });

  it('acknowledges only after the receipt of the reply', async () => {
    bench.channel.next('hold');
    await bench.start(() => 'yes');
    const delivery = await bench.ask();
    expect(delivery.isAcknowledged).to.equal(false);
    bench.channel.sent[0]!.answer('confirm');
    await settled();
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('tells the handler what it works on', async () => {
    const seen: { request: ReceivedRequest; context: HandlerContext }[] = [];
    await bench.start((request, context) => void seen.push({ request, context }), { timeoutMs: 5_000 });
    const delivery = await bench.ask({ properties: { attempt: 2 }, body: Buffer.from('grüße') });
    const [{ request, context } = expect.fail('the handler did not run')] = seen;
    expect(request).to.deep.include(delivery.message);
    expect(request.text()).to.equal('grüße');
    expect(context).to.include({ attempt: 2, deadlineMs: 5_000 });
    expect(context.signal.aborted).to.equal(false);
  });

  it('answers with contents that have a type and headers of their own', async () => {
    await bench.start(() => contents('<ok/>', { contentType: 'application/xml', headers: { 'X-A': '1' } }));
    await bench.ask();
    expect(bench.replies()[0]).to.deep.include({
      contentType: 'application/xml',
      applicationHeaders: { 'x-a': '1' },
    });
  });

  it('runs a one-way request and sends nothing', async () => {
    let runs = 0;
    await bench.start(() => {
      runs += 1;
      return 'nobody hears';
    });
    const delivery = await bench.ask({ replyTo: null });
    expect([runs, bench.channel.sent.length, delivery.isAcknowledged]).to.deep.equal([1, 0, true]);
  });

  it('sends a thrown Fault as a fault, and does not try again', async () => {
    await bench.start(() => {
      throw new Fault('OUT_OF_STOCK', 'nothing left', { status: 409, details: { sku: 7 } });
    });
    const delivery = await bench.ask();
    const [reply] = bench.replies();
    expect(reply!.properties.fault).to.equal(true);
    expect(jsonOf(reply)).to.deep.equal({
      ...{ code: 'OUT_OF_STOCK', message: 'nothing left', retryable: false },
      ...{ status: 409, details: { sku: 7 } },
    });
    expect(delivery.isAcknowledged).to.equal(true);
    expect([bench.retries(), bench.deadLetters()]).to.deep.equal([[], []]);
  });

  it('acknowledges a deferred request without an answer, which comes later by its return address', async () => {
    const kept: (ReturnAddress | null)[] = [];
    await bench.start((_, context) => {
      kept.push(context.defer());
      return 'not a reply';
    });
    const delivery = await bench.ask();
    expect([delivery.isAcknowledged, bench.channel.sent]).to.deep.equal([true, []]);
    const address = JSON.parse(JSON.stringify(kept[0])) as ReturnAddress;
    const reply = toReplyMessage(address, 'at last', { clock: bench.clock, newId: () => 'reply' });
    expect(address.replyTo).to.deep.equal(replyQueue);
    expect(reply).to.include({ correlationId: delivery.message.messageId, messageId: 'reply' });
  });

  it('has no return address to give for a one-way request', async () => {
    const kept: (ReturnAddress | null)[] = [];
    await bench.start((_, context) => void kept.push(context.defer()));
    await bench.ask({ replyTo: null });
    expect(kept).to.deep.equal([null]);
  });

  it('takes a handler that throws after it deferred for one that failed', async () => {
    await bench.start((_, context) => {
      context.defer();
      throw new Error('not kept');
    });
    await bench.ask();
    await passTime(bench.clock, 1_000);
    expect(bench.retries()).to.have.length(1);
  });

  it('runs no more handlers at once than it may, and the next as soon as one has ended', async () => {
    const works = Array.from({ length: 5 }, () => createDeferred<string>());
    let begun = 0;
    const replier = await bench.start(() => works[begun++]!.promise, { concurrency: 2 });
    for (let count = 0; count < 5; count += 1) await bench.ask();
    expect([begun, replier.running]).to.deep.equal([2, 2]);
    works[1]!.resolve('second');
    await settled();
    expect([begun, replier.running]).to.deep.equal([3, 2]);
    for (const work of works) work.resolve('done');
    await settled(40);
    expect([begun, replier.running, bench.replies().length]).to.deep.equal([5, 0, 5]);
  });

  it('takes at least as many requests from the broker as it may run', async () => {
    await bench.start(() => 'yes', { concurrency: 7 });
    await bench.start(() => 'yes', { concurrency: 7, prefetch: 3 });
    await bench.start(() => 'yes', { concurrency: 7, prefetch: 20 });
    await bench.start(() => 'yes');
    expect(bench.source.prefetches(requestQueue.name)).to.deep.equal([7, 7, 20, 10]);
  });

  it('skips a request that is more than 5 minutes past its deadline, for clocks differ', async () => {
    let runs = 0;
    await bench.start(() => (runs += 1));
    const late = await bench.ask({ properties: { expiresAt: bench.clock.now() - 300_001 } });
    expect([runs, late.isAcknowledged, bench.channel.sent.length]).to.deep.equal([0, true, 0]);
    await bench.ask({ properties: { expiresAt: bench.clock.now() - 300_000 } });
    expect(runs).to.equal(1);
  });

  it('rejects its start when the queue is refused, and leaves no subscription', async () => {
    const { source } = bench;
    const replier = bench.create(() => 'yes', {
      source: {
        subscribe: (...given) => {
          source.refuse('SUBSCRIBE_REFUSED');
          return source.subscribe(...given);
        },
      },
    });
    expect((await failureOf(replier.start())).code).to.equal('SUBSCRIBE_REFUSED');
    expect(source.subscriptions).to.equal(0);
  });
});
