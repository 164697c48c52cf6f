import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import type { ReplyCheck, ReplySettlement } from '#messaging/reply-settlement.js';
import { createReplySettlement } from '#messaging/reply-settlement.js';
import type { RequestChange, RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import type { CountingMeter } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { newReply, newRequest } from '../../support/requests.js';

describe('matching an unmatched reply by hand', () => {
  let clock: ManualClock;
  let store: Store;
  let watch: RequestWatch;
  let meter: CountingMeter;
  let changes: RequestChange[];
  let events: string[];

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    watch = createRequestWatch(clock);
    meter = createCountingMeter();
    [changes, events] = [[], []];
  });
  afterEach(() => store.close());

  function settlement(checkReply?: ReplyCheck): ReplySettlement {
    return createReplySettlement({
      ...{ store: store.requests, letters: store.deadLetters, watch, meter, logger: createRecordingLogger() },
      onForward: () => events.push('forward'),
      onEnded: ({ id }) => events.push(`ended ${id}`),
      ...(checkReply === undefined ? {} : { checkReply }),
    });
  }

  async function sent(id: string): Promise<void> {
    await store.requests.accept(newRequest({ id, replyTo: 'answers' }), { owner: 'a', leaseMs: 60_000 });
    await store.requests.markSent(id);
    watch.watch(id, (change) => changes.push(change));
  }

  async function unmatched(): Promise<number> {
    await store.requests.settle(newReply('unknown', { body: Buffer.from('12') }));
    return store.deadLetters.newest();
  }

  it('ends the request, tells who waits, counts, and wakes the deliveries', async () => {
    await sent('order');
    clock.advance(500);
    const outcome = await settlement().match(await unmatched(), 'order');
    expect(outcome).to.include({ kind: 'settled' });
    expect(changes.map(({ record, reply }) => [record.status, reply?.body.toString()])).to.deep.equal([
      ['replied', '12'],
    ]);
    expect(events).to.deep.equal(['ended order', 'forward']);
    expect(meter.counts()).to.deep.equal({ 'replies-matched': 1, 'requests-replied': 1 });
  });

  it('holds the reply to what the route asks of replies to that request, and changes nothing otherwise', async () => {
    await sent('order');
    const number = await unmatched();
    const asked: unknown[] = [];
    const refusing: ReplyCheck = ({ correlationIds, body }) => {
      asked.push([correlationIds, Buffer.from(body).toString()]);
      return Promise.resolve('it has no price');
    };
    expect(await settlement(refusing).match(number, 'order')).to.deep.equal({ refused: 'it has no price' });
    expect(asked).to.deep.equal([[['order'], '12']]);
    expect(await store.requests.find('order')).to.include({ status: 'sent' });
    expect([changes, events, meter.counts()]).to.deep.equal([[], [], {}]);
    expect(await settlement(() => Promise.resolve(null)).match(number, 'order')).to.include({
      kind: 'settled',
    });
  });

  it('tells nobody of what came to nothing', async () => {
    await sent('order');
    expect(await settlement().match(99, 'order')).to.deep.equal({ kind: 'unknown' });
    expect(await settlement().match(await unmatched(), 'nobody')).to.deep.equal({ kind: 'no-request' });
    expect([changes, events, meter.counts()]).to.deep.equal([[], [], {}]);
  });
});
