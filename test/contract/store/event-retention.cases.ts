import { expect } from 'chai';
import { createStoreSweep } from '#messaging/store-sweep.js';
import { passTime } from '../../support/event-loop.js';
import { createRecordingLogger } from '../../support/recording.js';
import { sequencesOf, upTo } from '../../support/status-bench.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { eventRetention, leaseMs, retentionMs } from './bench.js';
import { placeCases } from './durability.cases.js';
import { createEventBench, newEvent } from './event-bench.js';

/** What goes, and what goes on. */
export function eventRetentionCases(test: Case, bench: StoreBench): void {
  const { append, appendMany, log, number, page } = createEventBench(bench);

  test('removes the beginning of a log, and nothing out of its middle, when the clock was set back', async () => {
    await appendMany('shop', 3);
    bench.clock.advance(-3_600_000);
    await appendMany('shop', 3);
    await bench.store.events.claimDuty('s', leaseMs);
    await number();
    bench.clock.advance(retentionMs + 1_800_000);
    await log().sweep(100);
    expect(await page('shop')).to.deep.include({ first: 1, last: 6 });
    bench.clock.advance(1_800_000);
    await log().sweep(100);
    expect(await page('shop')).to.deep.include({ first: 7, last: 6 });
  });

  test('keeps the newest events of each project, and says what is gone', async () => {
    const { statusEvents } = eventRetention;
    await append(newEvent('mine'));
    await appendMany('shop', statusEvents + 30);
    await number();
    const { events, first, last } = await page('shop');
    expect([first, last]).to.deep.equal([31, statusEvents + 30]);
    expect(sequencesOf(events)[0]).to.equal(31);
    expect(events).to.have.length(statusEvents);
    expect(await page('mine')).to.deep.include({ first: 1, last: 1 });
  });

  test('removes events by age, but none that waits for its number', async () => {
    await appendMany('shop', 3);
    await number();
    bench.clock.advance(retentionMs - 1);
    await appendMany('shop', 2);
    expect(await log().sweep(100)).to.equal(0);
    bench.clock.advance(1);
    expect(await log().sweep(2)).to.equal(2);
    expect(await log().sweep(100)).to.equal(1);
    bench.clock.advance(retentionMs);
    expect(await log().sweep(100)).to.equal(0);
    await number();
    expect(await page('shop')).to.deep.include({ first: 4, last: 5 });
  });

  test('goes on with the numbers of a project long after its last event', async () => {
    await appendMany('shop', 3);
    await number();
    bench.clock.advance(100 * retentionMs);
    await log().sweep(100);
    expect(await page('shop')).to.deep.equal({ events: [], through: 3, first: 4, last: 3 });
    await append(newEvent('shop'));
    expect(sequencesOf(await number())).to.deep.equal([4]);
  });

  test('forgets a subject with its last event', async () => {
    await append(newEvent('shop', { subject: 'a' }));
    await append(newEvent('shop', { subject: 'b' }));
    await number();
    bench.clock.advance(retentionMs / 2);
    await append(newEvent('shop', { subject: 'b' }));
    await number();
    bench.clock.advance(retentionMs / 2);
    await log().sweep(100);
    expect((await log().subjects('shop', { limit: 10 })).map(({ subject }) => subject)).to.deep.equal(['b']);
  });

  const yearMs = 365 * 86_400_000;

  /** As whoever sweeps does it: again at once only while there may be more. */
  async function sweepAll(): Promise<void> {
    while ((await log().sweep(2)) === 2);
  }

  /** The numbers that are left once everything that is past its retention is gone, and the newest number. */
  async function leftOf(project: string): Promise<[sequences: number[], last: number]> {
    await sweepAll();
    const { events, last } = await page(project);
    return [sequencesOf(events), last];
  }

  test('removes by age what came while the clock was years ahead, and what came before and after it', async () => {
    await appendMany('shop', 3);
    bench.clock.advance(10 * yearMs);
    await appendMany('shop', 5);
    bench.clock.advance(-10 * yearMs);
    await appendMany('shop', 2);
    await number();
    expect(await leftOf('shop')).to.deep.equal([upTo(10), 10]);
    bench.clock.advance(retentionMs / 2);
    await appendMany('shop', 1);
    await number();
    bench.clock.advance(retentionMs / 2 - 1);
    expect(await leftOf('shop')).to.deep.equal([upTo(11), 11]);
    bench.clock.advance(1);
    expect(await leftOf('shop')).to.deep.equal([[11], 11]);
    bench.clock.advance(retentionMs / 2);
    expect(await leftOf('shop')).to.deep.equal([[], 11]);
  });

  test(placeCases[3], async () => {
    bench.clock.advance(10 * yearMs);
    await appendMany('shop', 3);
    await number();
    bench.clock.advance(-10 * yearMs);
    await bench.reopen();
    await appendMany('shop', 2);
    await number();
    expect(await leftOf('shop')).to.deep.equal([upTo(5), 5]);
    bench.clock.advance(retentionMs);
    expect(await leftOf('shop')).to.deep.equal([[], 5]);
  });

  test('removes nothing out of the middle of a log while the times of its events are put right', async () => {
    bench.clock.advance(10 * yearMs);
    await appendMany('shop', 5);
    bench.clock.advance(-10 * yearMs);
    await number();
    await log().sweep(2);
    bench.clock.advance(1_000);
    await appendMany('shop', 2);
    await number();
    bench.clock.advance(retentionMs - 1_000);
    for (let sweep = 0; sweep < 20; sweep += 1) {
      await log().sweep(2);
      const { events, first, last } = await page('shop');
      expect(sequencesOf(events)).to.deep.equal(upTo(last, first));
    }
    bench.clock.advance(retentionMs);
    expect(await leftOf('shop')).to.deep.equal([[], 7]);
  });

  const minuteMs = 60_000;

  test('removes by age after the clock was years ahead, though an event enters before each sweep', async () => {
    await appendMany('quiet', 1);
    await appendMany('shop', 3);
    bench.clock.advance(10 * yearMs);
    await appendMany('shop', 10);
    bench.clock.advance(-10 * yearMs);
    let swept = Promise.resolve(0);
    const stores = [{ sweep: (limit: number) => (swept = bench.store.events.sweep(limit)) }];
    const sweep = createStoreSweep({ stores, clock: bench.clock, logger: createRecordingLogger() });
    sweep.start();
    /** An event, then time in which the store is swept once. */
    async function oneEnters(thenMs: number): Promise<number[]> {
      await appendMany('shop', 1);
      await number();
      await passTime(bench.clock, thenMs, { stepMs: thenMs });
      await swept;
      return sequencesOf((await page('shop')).events);
    }
    try {
      for (const entered of [14, 15, 16, 17]) expect(await oneEnters(minuteMs)).to.deep.equal(upTo(entered));
      // The first sweep was at the end of the first minute, and put the times right then; 15 entered in that instant.
      expect(await oneEnters(retentionMs - 3 * minuteMs)).to.deep.equal([16, 17, 18]);
      expect((await page('quiet')).events).to.be.empty;
      expect(await oneEnters(minuteMs)).to.deep.equal([17, 18, 19]);
      expect(await oneEnters(minuteMs)).to.deep.equal([18, 19, 20]);
    } finally {
      sweep.stop();
    }
  });

  test('removes by age also what entered while the times of others were put right', async () => {
    bench.clock.advance(10 * yearMs);
    await appendMany('shop', 3);
    bench.clock.advance(-10 * yearMs);
    await Promise.all([log().sweep(100), append(newEvent('shop'))]);
    await appendMany('shop', 1);
    await number();
    expect(await leftOf('shop')).to.deep.equal([upTo(5), 5]);
    bench.clock.advance(retentionMs);
    expect(await leftOf('shop')).to.deep.equal([[], 5]);
  });

  const hourMs = 3_600_000;
  const phases = {
    '25 hours ahead for three hours': [25, 25, 25],
    '20 hours ahead, then 30': [20, 20, 30],
    '30 hours ahead, then 20': [30, 20, 20],
  };

  for (const [name, hoursAhead] of Object.entries(phases)) {
    test(`removes the beginning of a log, and nothing out of its middle, after the clock was ${name}`, async () => {
      const hours = hoursAhead.length;
      for (const ahead of hoursAhead) {
        bench.clock.advance((ahead + 1) * hourMs);
        await appendMany('shop', 3);
        bench.clock.advance(-ahead * hourMs);
      }
      await number();
      expect(await leftOf('shop')).to.deep.equal([upTo(3 * hours), 3 * hours]);
      for (let hour = 0; hour < 3; hour += 1) {
        await appendMany('shop', 1);
        bench.clock.advance(hourMs);
      }
      await number();
      bench.clock.advance(retentionMs - 3 * hourMs - 1);
      const last = 3 * hours + 3;
      expect(await leftOf('shop')).to.deep.equal([upTo(last), last]);
      bench.clock.advance(1);
      // What came until the clock was put right, and in that instant.
      expect(await leftOf('shop')).to.deep.equal([[last - 1, last], last]);
      bench.clock.advance(hourMs);
      expect(await leftOf('shop')).to.deep.equal([[last], last]);
      bench.clock.advance(hourMs);
      expect(await leftOf('shop')).to.deep.equal([[], last]);
    });
  }
}
