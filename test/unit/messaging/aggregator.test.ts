import { expect } from 'chai';
import type { GatheringOutcome, NewGathering } from '#core/ports/gatherings.js';
import type { RequestRecord, StoredReply } from '#core/request.js';
import type { Aggregator, AggregatorOptions } from '#messaging/aggregator.js';
import { createAggregator } from '#messaging/aggregator.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { GatheredReplies } from '#schema/gathered-replies.js';
import { passTime, settled } from '../../support/event-loop.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import { relayBench } from './relay-bench.js';

type Created = Extract<GatheringOutcome, { readonly kind: 'created' }>;

describe('the aggregator', () => {
  const bench = relayBench();
  let ended: RequestRecord[];
  let cancelled: string[];
  let forwards: number;
  const running: Aggregator[] = [];

  beforeEach(() => {
    [ended, cancelled, forwards] = [[], [], 0];
  });
  afterEach(async () => {
    for (const aggregator of running.splice(0)) {
      await aggregator.stop(0);
      expect(aggregator.size).to.equal(0);
    }
    expect(bench.clock.pending, 'timers that are left').to.equal(0);
  });

  /** As a process has it: what is changed in it is told by its watch. */
  function start(options: Partial<AggregatorOptions> = {}): (record: RequestRecord) => void {
    const { store, clock, logger, meter } = bench;
    const watch = createRequestWatch(clock, (record) => aggregator.changed(record));
    const aggregator = createAggregator({
      ...{ gatherings: store.gatherings, store: store.requests, storeTime: store.time },
      ...{ watch, clock, logger, meter },
      async cancel(id) {
        const outcome = await store.requests.cancel(id);
        cancelled.push(id);
        if (outcome?.changed === true) watch.notify({ record: outcome.record, reply: null });
      },
      onForward: () => (forwards += 1),
      onEnded: (record) => ended.push(record),
      ...options,
    });
    running.push(aggregator);
    aggregator.start();
    return (record) => watch.notify({ record, reply: null });
  }

  async function scattered(parts: Partial<NewGathering> & { totalMs?: number } = {}): Promise<Created> {
    const { totalMs = null, ...rule } = parts;
    const outcome = await bench.store.gatherings.accept({
      parent: newRequest({ queue: 'a,b,c', timeoutMs: totalMs, replyTo: 'answers' }),
      children: ['a', 'b', 'c'].map((queue) => ({
        request: newRequest({ queue, timeoutMs: totalMs }),
        options: { owner: null, leaseMs: 0 },
      })),
      ...{ expect: 3, stallMs: null, ...rule },
    });
    return outcome.kind === 'created' ? outcome : expect.fail(outcome.kind);
  }

  /** A reply to the child; the record, which whoever changed it tells. */
  async function replied(child: RequestRecord | undefined, text = 'x'): Promise<RequestRecord> {
    const outcome = await bench.store.requests.settle(newReply(child!.id, { body: Buffer.from(text) }));
    return outcome.kind === 'settled' ? outcome.record : expect.fail(outcome.kind);
  }

  async function gathered({ record }: Created): Promise<GatheredReplies> {
    const reply: StoredReply | null = await bench.store.requests.findReply(record.id, 1);
    return JSON.parse(Buffer.from(reply!.body).toString()) as GatheredReplies;
  }

  it('ends a parent as soon as enough replies are there, and tells of each before', async () => {
    const tell = start();
    const family = await scattered({ expect: 2 });
    tell(await replied(family.children[1], 'b'));
    await settled();
    expect(await bench.record(family.record.id)).to.deep.include({
      status: 'sent',
      progress: { percent: 50, text: '1 of 2: b replied' },
    });
    tell(await replied(family.children[0], 'a'));
    await settled();
    expect(await bench.record(family.record.id)).to.include({ status: 'replied' });
    const { complete, replies, missing } = await gathered(family);
    expect(complete).to.equal(true);
    expect(replies.map(({ queue, body }) => [queue, body])).to.deep.equal([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(missing).to.deep.equal([{ queue: 'c', id: family.children[2]!.id, status: 'accepted' }]);
    expect([ended.map(({ id }) => id), forwards]).to.deep.equal([[family.record.id], 1]);
    expect(bench.meter.counts()).to.deep.equal({ 'requests-replied': 1 });
  });

  it('ends with what there is at the stall time, counted from the last reply', async () => {
    const tell = start();
    const family = await scattered({ stallMs: 1_000, totalMs: 60_000 });
    await passTime(bench.clock, 5_000);
    expect(ended, 'nothing stalls before the first reply').to.deep.equal([]);
    tell(await replied(family.children[0]));
    await passTime(bench.clock, 750);
    tell(await replied(family.children[2]));
    await passTime(bench.clock, 750);
    expect(ended).to.deep.equal([]);
    await passTime(bench.clock, 500);
    expect(ended.map(({ status }) => status)).to.deep.equal(['replied']);
    const { complete, replies, missing } = await gathered(family);
    expect([complete, replies.length, missing.map(({ queue }) => queue)]).to.deep.equal([false, 2, ['b']]);
  });

  it('ends when the time is over: with what there is, or as expired', async () => {
    const tell = start();
    const some = await scattered({ totalMs: 2_000 });
    const none = await scattered({ totalMs: 2_000 });
    tell(await replied(some.children[0]));
    await passTime(bench.clock, 1_750);
    expect(ended).to.deep.equal([]);
    await passTime(bench.clock, 500);
    expect(new Map(ended.map(({ id, status }) => [id, status]))).to.deep.equal(
      new Map([
        [some.record.id, 'replied'],
        [none.record.id, 'expired'],
      ]),
    );
    const { missing } = await gathered(some);
    expect(missing.map(({ status }) => status)).to.deep.equal(['expired', 'expired']);
    expect(bench.meter.counts()).to.deep.equal({ 'requests-replied': 1, 'requests-expired': 1 });
  });

  it('ends when no child is open any more, before its time is over', async () => {
    const tell = start();
    const family = await scattered({ totalMs: 60_000 });
    const [first, ...others] = family.children;
    tell(await replied(first));
    for (const { id } of others) {
      const outcome = await bench.store.requests.cancel(id);
      tell(outcome!.record);
    }
    await settled(30);
    const { complete, missing } = await gathered(family);
    expect([complete, missing.map(({ status }) => status)]).to.deep.equal([
      false,
      ['cancelled', 'cancelled'],
    ]);
  });

  it('finishes what a process that died has begun, a second later', async () => {
    const family = await scattered();
    for (const child of family.children) await replied(child);
    start();
    await passTime(bench.clock, 750);
    expect(ended).to.deep.equal([]);
    await passTime(bench.clock, 500);
    expect(ended.map(({ id }) => id)).to.deep.equal([family.record.id]);
    expect((await gathered(family)).complete).to.equal(true);
  });

  it('ends a parent once, however many processes look at it at the same time', async () => {
    const tells = [start(), start(), start()];
    const family = await scattered();
    const records = [];
    for (const child of family.children) records.push(await replied(child));
    for (const [index, tell] of tells.entries()) tell(records[index]!);
    await settled(40);
    expect(ended).to.have.lengthOf(1);
    expect(await bench.record(family.record.id)).to.include({ status: 'replied', replies: 1 });
  });

  it('cancels the open children of a parent that was cancelled, and no others', async () => {
    const tell = start();
    const family = await scattered();
    tell(await replied(family.children[0]));
    await settled();
    const outcome = await bench.store.requests.cancel(family.record.id);
    tell(outcome!.record);
    await settled(30);
    expect(cancelled).to.deep.equal(family.children.slice(1).map(({ id }) => id));
    const states = await Promise.all(family.children.map(({ id }) => bench.record(id)));
    expect(states.map(({ status }) => status)).to.deep.equal(['replied', 'cancelled', 'cancelled']);
    expect((await bench.store.gatherings.find(family.record.id))?.news).to.deep.equal([]);
  });

  it('cancels them also when the process that cancelled the parent has died', async () => {
    const family = await scattered();
    await bench.store.requests.cancel(family.record.id);
    start();
    await passTime(bench.clock, 1_500);
    expect(cancelled).to.have.lengthOf(3);
  });

  it('lets the children of a parent that has ended go on', async () => {
    const tell = start();
    const family = await scattered({ expect: 1 });
    tell(await replied(family.children[0]));
    await settled();
    tell(await replied(family.children[1], 'later'));
    await passTime(bench.clock, 2_000);
    expect([cancelled, ended.length]).to.deep.equal([[], 1]);
    expect(await bench.record(family.children[1]!.id)).to.include({ status: 'replied', late: false });
    expect((await gathered(family)).replies).to.have.lengthOf(1);
    expect((await bench.store.gatherings.find(family.record.id))?.news).to.deep.equal([]);
  });

  it('leaves bodies out that there is no room for, and says how many bytes they have', async () => {
    const tell = start();
    const family = await scattered({ expect: 3 });
    const large = 'l'.repeat(5 * 1024 * 1024);
    tell(await replied(family.children[0], large));
    // One byte of text is up to six in JSON.
    tell(await replied(family.children[1], '\u0001'.repeat(1024 * 1024)));
    tell(await replied(family.children[2], 'small'));
    await settled(40);
    const { replies, complete } = await gathered(family);
    expect(complete).to.equal(true);
    expect(
      replies.map(({ body, omittedBytes }) => [body?.length ?? null, omittedBytes ?? null]),
    ).to.deep.equal([
      [large.length, null],
      [null, 1024 * 1024],
      ['small'.length, null],
    ]);
    const own = await bench.store.requests.findReply(family.children[1]!.id, 1);
    expect(own?.body.byteLength).to.equal(1024 * 1024);
  });

  it('shows text as text and all else as base64, and what a fault says', async () => {
    const tell = start();
    const family = await scattered();
    const [latin, untyped, fault] = family.children;
    const bytes = Buffer.of(0xe9, 0x20);
    for (const reply of [
      newReply(latin!.id, { contentType: 'text/plain; charset=latin1', body: bytes }),
      newReply(untyped!.id, { contentType: null, body: Buffer.from('a\0b') }),
      newFaultReply(fault!.id),
    ]) {
      const outcome = await bench.store.requests.settle(reply);
      if (outcome.kind === 'settled') tell(outcome.record);
    }
    await settled(30);
    const { replies } = await gathered(family);
    expect(replies).to.deep.equal([
      {
        ...{ queue: 'a', id: latin!.id, contentType: 'text/plain; charset=latin1' },
        bodyBase64: bytes.toString('base64'),
      },
      { queue: 'b', id: untyped!.id, contentType: null, bodyBase64: Buffer.from('a\0b').toString('base64') },
      {
        ...{ queue: 'c', id: fault!.id, contentType: 'application/json' },
        fault: { code: 'OUT_OF_STOCK', message: 'nothing left' },
      },
    ]);
  });

  it('tries again when the store was away', async () => {
    const { gatherings } = bench.store;
    let isAway = true;
    const tell = start({
      gatherings: {
        ...gatherings,
        find: (id) => (isAway ? Promise.reject(new Error('away')) : gatherings.find(id)),
        due: (limit) => (isAway ? Promise.reject(new Error('away')) : gatherings.due(limit)),
      },
    });
    const family = await scattered({ expect: 1 });
    tell(await replied(family.children[0]));
    await passTime(bench.clock, 1_000);
    expect(bench.logger.sentences('warn')).to.include.members([
      'replies could not be gathered; this is tried again',
      'cannot look for replies to be gathered',
    ]);
    isAway = false;
    await passTime(bench.clock, 500);
    expect(ended).to.have.lengthOf(1);
  });

  it('cares for nothing but requests to several queues', async () => {
    const looked: string[] = [];
    const { gatherings } = bench.store;
    const find: typeof gatherings.find = (id) => gatherings.find((looked.push(id), id));
    const tell = start({ gatherings: { ...gatherings, find } });
    const { id } = await bench.stored();
    const outcome = await bench.store.requests.settle(newReply(id));
    if (outcome.kind === 'settled') tell(outcome.record);
    await passTime(bench.clock, 2_000);
    expect(looked).to.deep.equal([]);
  });
});
