import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { ReplytoError } from '#core/errors.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { createAdmission } from '#messaging/admission.js';
import type { Requestor, RequestorOptions } from '#messaging/requestor.js';
import { createRequestor } from '#messaging/requestor.js';
import { easyAdmission } from '../../support/admission.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import { leaseMs, relayBench } from './relay-bench.js';

const noWait = { waitMs: 0 };
const wait = { waitMs: 10_000 };

describe('the requestor', () => {
  const bench = relayBench();

  function requestor(options: Partial<RequestorOptions> = {}): Requestor {
    const { store, relay, watch, admission, clock, meter } = bench;
    return createRequestor({ store: store.requests, relay, watch, admission, clock, meter, ...options });
  }

  /** What a correlator does with a reply. */
  async function reply(id: string, parts?: Parameters<typeof newReply>[1]): Promise<void> {
    const outcome = await bench.store.requests.settle(newReply(id, parts));
    if ('reply' in outcome) bench.watch.notify(outcome);
  }

  const left = (): number => bench.watch.size;

  it('accepts a request, sends it at once, and waits not at all for 0 ms', async () => {
    bench.relay.start();
    const request = newRequest();
    const answer = await requestor().request(request, noWait);
    expect(answer).to.deep.include({ reply: null, joined: false });
    expect(answer.record).to.include({ id: request.id, status: 'accepted', attempts: 1 });
    await settled();
    expect(await bench.record(request.id)).to.include({ status: 'sent' });
    expect(bench.channel.sent).to.have.length(1);
    expect([bench.meter.of('requests-accepted'), left()]).to.deep.equal([1, 0]);
  });

  it('answers with the reply when it comes within the wait', async () => {
    bench.relay.start();
    const request = newRequest();
    const asking = requestor().request(request, wait);
    await settled();
    await reply(request.id);
    const answer = await asking;
    expect(answer.record).to.deep.equal(await bench.record(request.id));
    expect(answer.reply).to.deep.equal(await bench.store.requests.findReply(request.id, 1));
    expect(left()).to.equal(0);
  });

  it('answers with the first reply when its own process takes a further one before it hears of the first', async () => {
    bench.relay.start();
    const request = newRequest();
    const asking = requestor().request(request, wait);
    await settled();
    // By another process, which has not told this one yet.
    await bench.store.requests.settle(newReply(request.id, { body: Buffer.from('first') }));
    await reply(request.id, { body: Buffer.from('further') });
    const answer = await asking;
    expect(answer.record).to.include({ status: 'replied', replies: 2 });
    expect(answer.reply?.body.toString()).to.equal('first');
  });

  it('does not miss a reply that comes while the request is still being sent', async () => {
    bench.relay.start();
    const request = newRequest();
    bench.channel.onSend(({ message }) => void reply(message.messageId));
    bench.channel.always('hold');
    const answer = await requestor().request(request, wait);
    expect(answer.record).to.include({ status: 'replied' });
    expect(answer.reply).to.not.equal(null);
    bench.channel.sent[0]!.answer('confirm');
  });

  it('does not miss a change that comes within the call that sends', async () => {
    bench.relay.start();
    const request = newRequest();
    bench.channel.onSend(({ message: { messageId } }) => {
      const record = { id: messageId, status: 'replied', replies: 0 } as RequestRecord;
      bench.watch.notify({ record, reply: null });
    });
    expect((await requestor().request(request, wait)).record).to.include({ status: 'replied' });
  });

  it('answers with a fault as with any reply', async () => {
    bench.relay.start();
    const request = newRequest();
    const asking = requestor().request(request, wait);
    await settled();
    const outcome = await bench.store.requests.settle(newFaultReply(request.id));
    if ('reply' in outcome) bench.watch.notify(outcome);
    const answer = await asking;
    expect(answer.record).to.include({ status: 'faulted' });
    expect(answer.reply?.fault).to.include({ code: 'OUT_OF_STOCK' });
  });

  it('answers without a reply when the wait is over; the request goes on', async () => {
    bench.relay.start();
    const request = newRequest();
    const asking = requestor().request(request, { waitMs: 1_000 });
    await passTime(bench.clock, 1_000);
    const answer = await asking;
    expect(answer).to.deep.equal({ record: await bench.record(request.id), reply: null, joined: false });
    expect([answer.record.status, left()]).to.deep.equal(['sent', 0]);
    await reply(request.id);
    expect(await bench.record(request.id)).to.include({ status: 'replied' });
  });

  it('stops waiting when the caller hangs up; the request goes on', async () => {
    bench.relay.start();
    const caller = new AbortController();
    const request = newRequest();
    const asking = requestor().request(request, { ...wait, signal: caller.signal });
    await settled();
    caller.abort();
    expect((await asking).reply).to.equal(null);
    expect(left()).to.equal(0);
    expect(await bench.record(request.id)).to.include({ status: 'sent' });
  });

  it('answers with what it accepted when the store goes away while the caller waits', async () => {
    bench.relay.start();
    const { store } = bench;
    let isAway = false;
    const find: typeof store.requests.find = (id) =>
      isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.requests.find(id);
    const request = newRequest();
    const asking = requestor({ store: { ...store.requests, find } }).request(request, wait);
    await settled();
    isAway = true;
    await passTime(bench.clock, wait.waitMs);
    const { record, reply: none } = await asking;
    expect([record.id, record.status, none, left()]).to.deep.equal([request.id, 'accepted', null, 0]);
  });

  it('answers a one-way request when it is completed', async () => {
    bench.relay.start();
    const answer = await requestor().request(newRequest({ oneWay: true }), wait);
    expect(answer.record).to.include({ status: 'completed' });
    expect(answer.reply).to.equal(null);
  });

  it('leaves a request in the store while the broker is away, for whoever can send it', async () => {
    bench.channel.down();
    bench.relay.start();
    const request = newRequest();
    await requestor().request(request, noWait);
    expect(await bench.record(request.id)).to.include({ status: 'accepted', attempts: 0 });
    bench.channel.up();
    await settled();
    expect(await bench.record(request.id)).to.include({ status: 'sent', attempts: 1, resend: 0 });
  });

  it('leaves a request in the store whose queue is held back', async () => {
    bench.relay.start();
    bench.channel.next('RECEIPT_TIMEOUT');
    await requestor().request(newRequest({ queue: 'full' }), noWait);
    await settled();
    const second = newRequest({ queue: 'full' });
    await requestor().request(second, noWait);
    await settled();
    expect(bench.channel.sent).to.have.length(1);
    expect(await bench.record(second.id)).to.include({ attempts: 0 });
  });

  it('joins a request that is open: sends nothing, waits for the same reply', async () => {
    bench.relay.start();
    const request = newRequest();
    const asking = [requestor().request(request, wait), requestor().request(request, wait)];
    await settled();
    expect(bench.channel.sent).to.have.length(1);
    await reply(request.id);
    const answers = await Promise.all(asking);
    expect(answers.map(({ joined }) => joined)).to.deep.equal([false, true]);
    expect(answers[1]!.reply).to.deep.equal(answers[0]!.reply);
    expect([bench.meter.of('requests-accepted'), bench.meter.of('requests-joined')]).to.deep.equal([1, 1]);
    expect(left()).to.equal(0);
  });

  for (const waitMs of [0, 10_000]) {
    it(`gives the answer of a request that has ended to whoever posts it again, waiting ${waitMs} ms`, async () => {
      bench.relay.start();
      const request = newRequest();
      await requestor().request(request, noWait);
      await settled();
      await reply(request.id);
      const answer = await requestor().request(request, { waitMs });
      expect(answer).to.deep.equal({
        record: await bench.record(request.id),
        reply: await bench.store.requests.findReply(request.id, 1),
        joined: true,
      });
      expect([bench.channel.sent.length, left()]).to.deep.equal([1, 0]);
    });
  }

  it('refuses an id that was used for other content, and leaves no waiter', async () => {
    bench.relay.start();
    const request = newRequest();
    await requestor().request(request, noWait);
    const error = await failureOf(requestor().request({ ...request, fingerprint: 'another' }, wait));
    expect(error).to.include({ code: 'IDEMPOTENCY_MISMATCH', requestId: request.id });
    await settled();
    expect([bench.channel.sent.length, left(), bench.admission.counts().pending]).to.deep.equal([1, 0, 1]);
  });

  it('refuses when the store is away: nothing is sent, no waiter is left', async () => {
    bench.relay.start();
    const accept: RequestStore['accept'] = () => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));
    const asking = requestor({ store: { ...bench.store.requests, accept } });
    for (const options of [noWait, wait]) {
      expect((await failureOf(asking.request(newRequest(), options))).code).to.equal('STORE_UNAVAILABLE');
    }
    expect([bench.channel.sent.length, left(), bench.admission.counts().pending]).to.deep.equal([0, 0, 0]);
  });

  it('refuses beyond the limits, before anything is stored', async () => {
    const { store, clock, logger } = bench;
    const admission = createAdmission({
      ...{ ...easyAdmission, store: store.requests, clock, logger },
      maxPending: 1,
    });
    const asking = requestor({ admission });
    await asking.request(newRequest(), noWait);
    const error = await failureOf(asking.request(newRequest(), wait));
    expect(error.code).to.equal('TOO_MANY_PENDING');
    expect([(await store.requests.counts()).pending, left()]).to.deep.equal([1, 0]);
  });

  it('refuses nobody for what others have ended meanwhile', async () => {
    const { store, clock, logger } = bench;
    const limits = { ...easyAdmission, ...{ store: store.requests, clock, logger }, maxPending: 1 };
    const admission = createAdmission({ ...limits, isShared: true });
    await admission.start();
    const asking = requestor({ admission });
    const request = newRequest();
    await asking.request(request, noWait);
    await store.requests.cancel(request.id);
    clock.advance(1_000);
    expect((await asking.request(newRequest(), noWait)).joined).to.equal(false);
    clock.advance(1_000);
    expect((await failureOf(asking.request(newRequest(), noWait))).code).to.equal('TOO_MANY_PENDING');
    admission.stop();
  });

  it('tells of each request that is not sent here', async () => {
    let left = 0;
    const asking = requestor({ onLeft: () => void (left += 1) });
    const request = newRequest();
    await asking.request(request, noWait);
    // A repetition leaves nothing to do.
    await asking.request(request, noWait);
    expect([left, bench.channel.sent.length]).to.deep.equal([1, 0]);
    bench.relay.start();
    await asking.request(newRequest(), noWait);
    expect(left).to.equal(1);
  });

  it('lets whoever repeats a post learn what became of it, also beyond the limits', async () => {
    const { store, clock, logger } = bench;
    const limits = { ...easyAdmission, ...{ store: store.requests, clock, logger }, maxPending: 1 };
    const asking = requestor({ admission: createAdmission(limits) });
    const request = newRequest();
    await asking.request(request, noWait);
    expect((await asking.request(request, noWait)).joined).to.equal(true);
    expect((await failureOf(asking.request(newRequest(), noWait))).code).to.equal('TOO_MANY_PENDING');
  });

  it('registers its waiter before it asks the store, on every way', async () => {
    const waiters: number[] = [];
    const accepted = createDeferred<undefined>();
    const accept: RequestStore['accept'] = async (...given) => {
      waiters.push(left());
      await accepted.promise;
      return bench.store.requests.accept(...given);
    };
    const find: RequestStore['find'] = (id) => {
      if (id === 'followed') waiters.push(left());
      return bench.store.requests.find(id);
    };
    const asking = requestor({ store: { ...bench.store.requests, accept, find } });
    const asked = asking.request(newRequest(), { waitMs: 1 });
    accepted.resolve(undefined);
    await settled();
    bench.clock.advance(1);
    await asked;
    await asking.follow('followed', { waitMs: 1 });
    expect(waiters).to.deep.equal([1, 1]);
  });
});

describe('following and cancelling by the requestor', () => {
  const bench = relayBench();

  const requestor = (): Requestor => {
    const { store, relay, watch, admission, clock, meter } = bench;
    return createRequestor({ store: store.requests, relay, watch, admission, clock, meter });
  };

  it('follows a request to its end', async () => {
    const { id } = await bench.stored();
    const following = requestor().follow(id, wait);
    await settled();
    const outcome = await bench.store.requests.settle(newReply(id));
    if ('reply' in outcome) bench.watch.notify(outcome);
    expect(await following).to.deep.equal({
      record: await bench.record(id),
      reply: await bench.store.requests.findReply(id, 1),
    });
    expect(bench.watch.size).to.equal(0);
  });

  it('finds at once what has ended, and the present state when the wait is over', async () => {
    const { id } = await bench.stored();
    const following = requestor().follow(id, { waitMs: 1_000 });
    await passTime(bench.clock, 1_000);
    expect(await following).to.deep.equal({ record: await bench.record(id), reply: null });
    await bench.store.requests.settle(newReply(id));
    const ended = await requestor().follow(id, { waitMs: 0 });
    expect(ended?.reply).to.include({ number: 1 });
    expect(bench.watch.size).to.equal(0);
  });

  it('knows nothing of a request that is not kept', async () => {
    expect(await requestor().follow('unknown', wait)).to.equal(null);
    expect(await requestor().cancel('unknown')).to.equal(null);
    expect(bench.watch.size).to.equal(0);
  });

  it('cancels an open request and ends the waits for it', async () => {
    const request = newRequest();
    await bench.store.requests.accept(request, { owner: null, leaseMs });
    bench.admission.accepted({ postedBy: null, queue: request.queue });
    const following = requestor().follow(request.id, wait);
    await settled();
    const outcome = await requestor().cancel(request.id);
    expect(outcome).to.deep.include({ changed: true });
    expect((await following)?.record).to.include({ status: 'cancelled' });
    expect([bench.meter.of('requests-cancelled'), bench.admission.counts().pending]).to.deep.equal([1, 0]);
    expect(await requestor().cancel(request.id)).to.deep.include({ changed: false });
    expect(bench.meter.of('requests-cancelled')).to.equal(1);
  });
});
