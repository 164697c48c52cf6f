import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import type { StoreSweep } from '#messaging/store-sweep.js';
import { createStoreSweep } from '#messaging/store-sweep.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

const weekMs = 7 * 86_400_000;

describe('sweeping a store', () => {
  let clock: ManualClock;
  let store: Store;
  let logger: RecordingLogger;
  let sweep: StoreSweep;
  /** What each sweep removed; `fail` stands for one that failed. */
  let removed: (number | 'fail')[];
  let isAway: boolean;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    logger = createRecordingLogger();
    removed = [];
    isAway = false;
    const recording = {
      async sweep(limit: number): Promise<number> {
        if (isAway) {
          removed.push('fail');
          throw new Error('away');
        }
        const count = await store.requests.sweep(limit);
        removed.push(count);
        return count;
      },
    };
    sweep = createStoreSweep({ stores: [recording], clock, logger });
  });
  afterEach(async () => {
    sweep.stop();
    await settled();
    await store.close();
  });

  async function remember(count: number): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, (_, number) => store.handledMessages.begin('q', String(number))),
    );
  }

  it('removes what services answered when its retention is over: at the start, then every minute', async () => {
    await remember(3);
    clock.advance(weekMs);
    sweep.start();
    await passTime(clock, 1);
    expect(removed).to.deep.equal([3]);
    await remember(2);
    clock.advance(weekMs - 60_000);
    await settled();
    removed = [];
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect(removed).to.deep.equal([2]);
  });

  it('removes batch after batch', async () => {
    await remember(1_100);
    clock.advance(weekMs);
    sweep.start();
    await passTime(clock, 4, { stepMs: 1 });
    expect(removed).to.deep.equal([500, 500, 100]);
  });

  it('says when it fails, and tries again the next time', async () => {
    await remember(1);
    clock.advance(weekMs);
    isAway = true;
    sweep.start();
    await passTime(clock, 1);
    expect(logger.sentences('warn')).to.deep.equal(['what is past its retention could not be removed']);
    isAway = false;
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect(removed).to.deep.equal(['fail', 1]);
  });

  it('stops at once and leaves no timer, also in the middle of many batches', async () => {
    await remember(1_100);
    clock.advance(weekMs);
    sweep.start();
    clock.advance(0);
    sweep.stop();
    await settled();
    expect(removed).to.deep.equal([500]);
    expect(clock.pending).to.equal(0);
    await passTime(clock, 120_000, { stepMs: 10_000 });
    expect(removed).to.deep.equal([500]);
  });
});
