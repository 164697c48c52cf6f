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

  it('removes batch after batch, at first few at a time', async () => {
    await remember(1_500);
    clock.advance(weekMs);
    sweep.start();
    await passTime(clock, 8, { stepMs: 1 });
    expect(removed).to.deep.equal([25, 50, 100, 200, 400, 500, 225]);
  });

  it('removes fewer at a time where that takes long, and rests as long in between', async () => {
    await remember(1_000);
    clock.advance(weekMs);
    const begun: number[] = [];
    const startedAt = clock.monotonic();
    sweep.stop();
    sweep = createStoreSweep({
      stores: [
        {
          async sweep(limit) {
            begun.push(clock.monotonic() - startedAt);
            const count = await store.requests.sweep(limit);
            // A fifth of a millisecond for each.
            clock.advance(count / 5);
            removed.push(count);
            return count;
          },
        },
      ],
      clock,
      logger,
    });
    sweep.start();
    clock.advance(0);
    await passTime(clock, 100, { stepMs: 1 });
    expect(removed.slice(0, 4)).to.deep.equal([25, 50, 50, 50]);
    // 5 ms and a rest of 5, then 10 and 10.
    expect(begun.slice(0, 4)).to.deep.equal([0, 10, 30, 50]);
  });

  it('sweeps one store however long another one takes', async () => {
    const swept: string[] = [];
    sweep.stop();
    sweep = createStoreSweep({
      stores: [
        { sweep: () => new Promise(() => undefined) },
        { sweep: () => Promise.resolve(swept.push('other')).then(() => 0) },
      ],
      clock,
      logger,
    });
    sweep.start();
    clock.advance(0);
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect(swept).to.deep.equal(['other', 'other']);
  });

  it('lets others have their turn while 5,000 are removed', async () => {
    await remember(5_000);
    clock.advance(weekMs);
    let turns = 0;
    let isSweeping = true;
    const turn = (): void => {
      turns += 1;
      if (isSweeping) setImmediate(turn);
    };
    turn();
    sweep.start();
    let left = 5_000;
    while (left > 0) {
      const before = turns;
      removed = [];
      clock.advance(1);
      await settled();
      expect(removed.length).to.be.at.most(1);
      expect(turns).to.be.greaterThan(before);
      left -= Number(removed[0] ?? 0);
    }
    isSweeping = false;
    expect(await store.requests.sweep(1)).to.equal(0);
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
    expect(removed).to.deep.equal([25]);
    expect(clock.pending).to.equal(0);
    await passTime(clock, 120_000, { stepMs: 10_000 });
    expect(removed).to.deep.equal([25]);
  });
});
