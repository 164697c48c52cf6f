import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { RequestRecord } from '#core/request.js';
import type { Correlator } from '#messaging/correlator.js';
import { createCorrelator } from '#messaging/correlator.js';
import type { ReplySettlementOptions } from '#messaging/reply-settlement.js';
import { createReplySettlement } from '#messaging/reply-settlement.js';
import type { RequestChange, RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { newRequest } from '../../support/requests.js';
import { happens } from '../../support/happens.js';

const replies = queue('replyto.replies');

describe('the correlator', () => {
  let clock: ManualClock;
  let store: Store;
  let source: FakeSource;
  let watch: RequestWatch;
  let meter: CountingMeter;
  let logger: RecordingLogger;
  let ended: number;
  let forwards: number;
  let running: Correlator[];

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    source = createFakeSource();
    watch = createRequestWatch(clock);
    meter = createCountingMeter();
    logger = createRecordingLogger();
    [ended, forwards, running] = [0, 0, []];
  });
  afterEach(async () => {
    for (const correlator of running) await correlator.stop(0);
    await store.close();
  });

  async function start(options: Partial<ReplySettlementOptions> = {}): Promise<Correlator> {
    const settlement = createReplySettlement({
      ...{ watch, logger, meter },
      store: store.requests,
      letters: store.deadLetters,
      onForward: () => (forwards += 1),
      onEnded: () => (ended += 1),
      ...options,
    });
    const correlator = createCorrelator({
      ...{ source, clock, logger, meter, replies, settlement },
      deadLetters: store.deadLetters,
      storeId: store.id,
      prefetch: 50,
      maxBodyBytes: 1_000,
      checkStore: () => store.check(),
    });
    running.push(correlator);
    await correlator.start();
    return correlator;
  }

  async function sent(parts?: Parameters<typeof newRequest>[0]): Promise<RequestRecord> {
    const { id } = newRequest(parts);
    await store.requests.accept(newRequest({ ...parts, id }), { owner: 'a', leaseMs: 60_000 });
    return (await store.requests.markSent(id))!;
  }

  const replyTo = (correlationId: string, parts?: Partial<Message>): Message =>
    newMessage({ correlationId, ...parts });

  function changesOf(id: string): RequestChange[] {
    const changes: RequestChange[] = [];
    watch.watch(id, (change) => changes.push(change));
    return changes;
  }

  it('settles the request that a reply names, tells its waiters, and acknowledges', async () => {
    const { id } = await sent({ replyTo: 'answers' });
    const changes = changesOf(id);
    await start();
    clock.advance(120);
    const delivery = source.deliver(replies.name, replyTo(id));
    await settled();
    const record = await store.requests.find(id);
    expect(record).to.include({ status: 'replied' });
    expect(changes).to.deep.equal([
      { kind: 'settled', record, reply: await store.requests.findReply(id, 1) },
    ]);
    expect([delivery.isAcknowledged, ended, forwards]).to.deep.equal([true, 1, 1]);
    expect(meter.counts()).to.deep.equal({ 'requests-replied': 1 });
    expect(meter.repliedAfterMs).to.deep.equal([120]);
  });

  it('times the service from the receipt of its request, and its own work until the acknowledgement', async () => {
    const { id } = await sent();
    await start({ checkReply: () => new Promise((resolve) => void clock.after(7, () => resolve(null))) });
    clock.advance(120);
    source.deliver(replies.name, replyTo(id));
    await passTime(clock, 7);
    source.deliver(replies.name, replyTo(id));
    await passTime(clock, 7);
    source.deliver(replies.name, replyTo('unknown'));
    await passTime(clock, 7);
    source.deliver(replies.name, newMessage());
    await settled();
    expect(meter.stages).to.deep.equal([
      ['service', 'replied', 'prices', 127],
      ['settle', 'settled', 'prices', 7],
      ['settle', 'duplicate', 'prices', 7],
      ['settle', 'unmatched', null, 7],
      ['settle', 'invalid', null, 0],
    ]);
  });

  it('subscribes with the prefetch it was given', async () => {
    await start();
    expect(source.prefetches(replies.name)).to.deep.equal([50]);
  });

  it('acknowledges a reply only after the commit that keeps it', async () => {
    const { id } = await sent();
    await start();
    const delivery = source.deliver(replies.name, replyTo(id));
    expect(delivery.isAcknowledged).to.equal(false);
    expect(await store.requests.find(id)).to.include({ status: 'sent' });
    await settled();
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('counts a fault as a fault', async () => {
    const { id } = await sent();
    await start();
    const body = Buffer.from('{"code":"NO","message":"never"}');
    source.deliver(replies.name, replyTo(id, { body, properties: { fault: true } }));
    await settled();
    expect(await store.requests.find(id)).to.include({ status: 'faulted' });
    expect([meter.counts(), ended]).to.deep.equal([{ 'requests-faulted': 1 }, 1]);
  });

  happens(
    'Messages',
    'the broker delivers the same reply again',
    'it is recognised and acknowledged; nobody is told, nothing ends twice',
    async () => {
      const { id } = await sent({ replyTo: 'answers' });
      await start();
      const reply = replyTo(id);
      source.deliver(replies.name, reply);
      await settled();
      const changes = changesOf(id);
      const again = source.deliver(replies.name, reply, { redelivered: true });
      await settled();
      expect([again.isAcknowledged, changes, ended, forwards]).to.deep.equal([true, [], 1, 1]);
      expect(meter.counts()).to.deep.equal({ 'requests-replied': 1, 'replies-repeated': 1 });
    },
  );

  it('keeps a second reply as a duplicate and tells watchers of the history', async () => {
    const { id } = await sent();
    await start();
    source.deliver(replies.name, replyTo(id));
    await settled();
    const changes = changesOf(id);
    source.deliver(replies.name, replyTo(id));
    await settled();
    expect(changes.map(({ record, reply }) => [record.replies, reply?.number])).to.deep.equal([[2, 2]]);
    expect([meter.of('replies-duplicate'), ended]).to.deep.equal([1, 1]);
  });

  it('keeps a late reply, lets it follow the Fault, and ends nothing', async () => {
    const { id } = await sent({ replyTo: 'answers', timeoutMs: 10 });
    clock.advance(10);
    await store.requests.expireDue(1);
    await start();
    source.deliver(replies.name, replyTo(id));
    await settled();
    expect(await store.requests.find(id)).to.include({ status: 'expired', late: true });
    expect([meter.counts(), ended, forwards]).to.deep.equal([{ 'replies-late': 1 }, 0, 1]);
  });

  it('keeps a reply to a request that nobody knows among the unmatched', async () => {
    await start();
    const delivery = source.deliver(replies.name, replyTo('unknown'));
    await settled();
    expect(delivery.isAcknowledged).to.equal(true);
    expect(meter.counts()).to.deep.equal({ 'replies-unmatched': 1 });
    expect(await store.deadLetters.count()).to.include({ 'unmatched-reply': 1 });
  });

  happens(
    'Messages',
    'a message on the reply queue that cannot be read, delivered twice',
    'it is kept among the invalid messages once, counted once, and acknowledged',
    async () => {
      await start();
      const message = newMessage();
      const brokerId = { value: 'ID:1', stable: true };
      for (let count = 0; count < 2; count += 1) {
        const delivery = source.deliver(replies.name, message, { brokerId });
        await settled();
        expect(delivery.isAcknowledged).to.equal(true);
      }
      expect(await store.deadLetters.count()).to.include({ invalid: 1 });
      expect(meter.counts()).to.deep.equal({ 'messages-invalid': 1 });
      expect(logger.sentences('warn')).to.deep.equal(
        Array.from({ length: 2 }, () => 'an invalid message came to the reply queue'),
      );
    },
  );

  happens(
    'Messages',
    'a reply that the JSON Schema of its route refuses',
    'it is kept among the invalid messages; the request stays open',
    async () => {
      const { id } = await sent();
      await start({ checkReply: () => Promise.resolve('the price is missing') });
      const delivery = source.deliver(replies.name, replyTo(id));
      await settled();
      expect(delivery.isAcknowledged).to.equal(true);
      expect(await store.requests.find(id)).to.include({ status: 'sent' });
      expect(logger.entries.at(-1)!.facts).to.include({ reason: 'the price is missing' });
    },
  );

  it('takes a reply that its check accepts', async () => {
    const { id } = await sent();
    await start({ checkReply: () => Promise.resolve(null) });
    source.deliver(replies.name, replyTo(id));
    await settled();
    expect(await store.requests.find(id)).to.include({ status: 'replied' });
  });

  happens(
    'Messages',
    'a reply that the store can never take',
    'it is kept among the invalid messages instead of coming back for ever',
    async () => {
      await start({
        store: { ...store.requests, settle: () => Promise.reject(new ReplytoError('INTERNAL')) },
      });
      const delivery = source.deliver(replies.name, replyTo('any'));
      await settled();
      expect(delivery.isAcknowledged).to.equal(true);
      expect(await store.deadLetters.count()).to.include({ invalid: 1 });
      expect(logger.sentences('error')).to.deep.equal(['a message cannot be stored']);
    },
  );

  happens(
    'Surroundings',
    'the store is away when a reply comes',
    'it is not acknowledged until the store has it',
    async () => {
      const { id } = await sent();
      let isAway = true;
      const settle = (
        ...given: Parameters<Store['requests']['settle']>
      ): ReturnType<Store['requests']['settle']> =>
        isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.requests.settle(...given);
      await start({ store: { ...store.requests, settle } });
      const delivery = source.deliver(replies.name, replyTo(id));
      await passTime(clock, 5_000);
      expect([delivery.isAcknowledged, source.subscriptions]).to.deep.equal([false, 1]);
      isAway = false;
      await passTime(clock, 500);
      expect(delivery.isAcknowledged).to.equal(true);
      expect(await store.requests.find(id)).to.include({ status: 'replied' });
    },
  );

  it('takes replies of many requests at once, in one commit', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 30; count += 1) ids.push((await sent()).id);
    await start();
    const before = store.transactions();
    const deliveries = ids.map((id) => source.deliver(replies.name, replyTo(id)));
    await settled();
    expect(deliveries.every(({ isAcknowledged }) => isAcknowledged)).to.equal(true);
    expect(store.transactions() - before).to.equal(1);
  });
});
