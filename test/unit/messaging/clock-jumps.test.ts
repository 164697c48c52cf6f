import { expect } from 'chai';
import type { Clock } from '#core/ports/clock.js';
import { silentLogger } from '#core/ports/logger.js';
import { createMessageExpiration } from '#messaging/message-expiration.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { createStoreSweep } from '#messaging/store-sweep.js';
import { createStore } from '#adapters/store/open-store.js';
import type { Store } from '#adapters/store/store.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { passTime, settled } from '../../support/event-loop.js';
import { happens } from '../../support/happens.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { createCountingMeter } from '../../support/recording.js';
import { newReply, newRequest } from '../../support/requests.js';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const leaseMs = 60_000;

/** The wall clock is set by somebody; the time that passes is the same. */
describe('a clock that jumps', () => {
  let time: ManualClock;
  let jumpedMs: number;
  let clock: Clock;
  let store: Store;
  let ends: (() => void)[];

  beforeEach(() => {
    time = createManualClock(1_700_000_000_000);
    jumpedMs = 0;
    clock = {
      now: () => time.now() + jumpedMs,
      monotonic: () => time.monotonic(),
      after: (ms, callback) => time.after(ms, callback),
    };
    let id = 0;
    store = createStore(openDatabase({ path: ':memory:' }), {
      clock,
      newId: () => `id-${(id += 1)}`,
      retentionMs: 7 * 24 * hourMs,
    });
    ends = [];
    const shared = { store: store.requests, clock, logger: silentLogger };
    const expiration = createMessageExpiration({
      ...shared,
      watch: createRequestWatch(clock),
      meter: createCountingMeter(),
      onForward: () => undefined,
      onEnded: () => undefined,
    });
    const sweep = createStoreSweep({ ...shared, stores: [shared.store] });
    expiration.start();
    sweep.start();
    ends.push(
      () => expiration.stop(),
      () => sweep.stop(),
    );
  });
  afterEach(async () => {
    for (const end of ends) end();
    await store.close();
    expect(time.pending).to.equal(0);
  });

  async function open(parts: Parameters<typeof newRequest>[0] = {}): Promise<string> {
    const request = newRequest(parts);
    await store.requests.accept(request, { owner: 'a', leaseMs });
    await store.requests.markSent(request.id);
    return request.id;
  }
  const statusOf = async (id: string): Promise<unknown> => (await store.requests.find(id))?.status;

  async function jump(ms: number): Promise<void> {
    jumpedMs += ms;
    await passTime(time, 2_000, { stepMs: 250 });
  }

  happens(
    'Surroundings',
    'the wall clock jumps forward by an hour or a year',
    'requests whose deadline that passes expire, those without a deadline stay; a reply that comes then is kept as late',
    async () => {
      for (const ms of [hourMs, yearMs]) {
        const short = await open({ timeoutMs: ms / 2 });
        const long = await open({ timeoutMs: 2 * ms });
        const never = await open({ timeoutMs: null });
        await jump(ms);
        expect([await statusOf(short), await statusOf(long), await statusOf(never)]).to.deep.equal([
          'expired',
          'sent',
          'sent',
        ]);
        expect(await store.requests.settle(newReply(short))).to.include({ kind: 'late' });
        expect(await store.requests.settle(newReply(long))).to.include({ kind: 'settled' });
        expect(await store.requests.settle(newReply(never))).to.include({ kind: 'settled' });
      }
    },
  );

  happens(
    'Surroundings',
    'the wall clock jumps backward by an hour or a year',
    'nothing expires early; deadlines are met when the clock comes to them, and replies are settled as ever',
    async () => {
      for (const ms of [hourMs, yearMs]) {
        const id = await open({ timeoutMs: 1_000 });
        const answered = await open({ timeoutMs: 1_000 });
        await jump(-ms);
        expect([await statusOf(id), await statusOf(answered)]).to.deep.equal(['sent', 'sent']);
        expect(await store.requests.settle(newReply(answered))).to.include({ kind: 'settled' });
        await jump(ms);
        expect(await statusOf(id)).to.equal('expired');
      }
    },
  );

  happens(
    'Surroundings',
    'the wall clock jumps back under a lease of an instance that is gone',
    'the request is not sent before the clock comes to the end of the lease; then another instance sends it',
    async () => {
      const request = newRequest();
      await store.requests.accept(request, { owner: 'gone', leaseMs });
      jumpedMs -= hourMs;
      const claim = { owner: 'other', leaseMs, limit: 10 };
      expect(await store.requests.claimUnsent(claim)).to.deep.equal([]);
      jumpedMs += hourMs + leaseMs + 1;
      expect((await store.requests.claimUnsent(claim)).map(({ id }) => id)).to.deep.equal([request.id]);
    },
  );

  happens(
    'Surroundings',
    'the wall clock jumps while a caller waits',
    'the wait is as long as it was to be: it goes by the time that passes',
    async () => {
      const watch = createRequestWatch(clock);
      let ended = 0;
      const { outcome } = watch.wait('order', () => true, { waitMs: 1_000 });
      void outcome.then((change) => (ended += change === null ? 1 : 100));
      jumpedMs = yearMs;
      time.advance(500);
      jumpedMs = -yearMs;
      time.advance(499);
      await settled();
      expect(ended).to.equal(0);
      time.advance(1);
      await settled();
      expect(ended).to.equal(1);
      watch.stop();
    },
  );
});
