import { expect } from 'chai';
import type { EventLog } from '#core/ports/event-log.js';
import { sequencesOf } from '../../support/status-bench.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';
import { placeCases } from './durability.cases.js';
import { createEventBench, newEvent } from './event-bench.js';

/** How events come in, get their numbers, and are read. */
export function eventLogCases(test: Case, bench: StoreBench): void {
  const { append, appendMany, log, number, page } = createEventBench(bench);

  test('shows an event once it has its number', async () => {
    const event = newEvent('shop', {
      data: awkwardTexts,
      percent: 12.5,
      text: Object.values(awkwardTexts).join(),
    });
    expect(await append(event)).to.deep.equal({ record: null, changed: true });
    expect(await page('shop')).to.deep.equal({ events: [], through: 0, first: 1, last: 0 });
    expect(await log().hasUnnumbered()).to.equal(true);
    const numbered = { ...event, sequence: 1 };
    expect(await number()).to.deep.equal([numbered]);
    expect(await log().hasUnnumbered()).to.equal(false);
    expect(await page('shop')).to.deep.equal({ events: [numbered], through: 1, first: 1, last: 1 });
  });

  test('numbers the events of each project 1, 2, 3 in the order in which they came', async () => {
    const [shop, mine] = [await appendMany('shop', 20), await appendMany('mine', 10)];
    await number();
    for (const [project, events] of [['shop', shop] as const, ['mine', mine] as const]) {
      const found = (await page(project)).events;
      expect(found.map(({ id }) => id)).to.deep.equal(events.map(({ id }) => id));
      expect(sequencesOf(found)).to.deep.equal(events.map((_, index) => index + 1));
    }
  });

  test(placeCases[2], async () => {
    await appendMany('shop', 3);
    await number();
    await appendMany('shop', 2);
    await bench.reopen();
    // Where it is not for one process alone, the duty of the one that was closed is over by then.
    bench.clock.advance(leaseMs);
    expect(sequencesOf(await number('another'))).to.deep.equal([4, 5]);
  });

  test('takes an event with the same id once for each project', async () => {
    const event = newEvent('shop');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => append(event)));
    expect(outcomes.filter((outcome) => outcome?.changed)).to.have.length(1);
    await append({ ...event, project: 'mine' });
    await number();
    expect(await append(event)).to.deep.equal({ record: null, changed: false });
    await number();
    expect((await page('shop')).last).to.equal(1);
    expect((await page('mine')).last).to.equal(1);
  });

  test('takes nothing that is about nothing', async () => {
    expect(await append(newEvent(null))).to.equal(null);
    expect(await log().hasUnnumbered()).to.equal(false);
  });

  test('calls back once for each commit that let events in, until it is told to stop', async () => {
    let calls = 0;
    const stop = log().onEntry(() => (calls += 1));
    await appendMany('shop', 5);
    expect(calls).to.equal(1);
    await append(newEvent(null));
    await bench.sent();
    expect(calls).to.equal(1);
    await bench.sent({ properties: { project: 'shop' } });
    expect(calls).to.equal(3);
    stop();
    await append(newEvent('shop'));
    expect(calls).to.equal(3);
  });

  test('ends a page when it is large, and goes on with the next', async () => {
    const text = 'x'.repeat(60_000);
    for (let index = 0; index < 40; index += 1) await append(newEvent('shop', { text }));
    await number();
    const first = await page('shop', 0, 40);
    expect(first.events.length).to.be.within(15, 20);
    expect(first.through).to.equal(first.events.at(-1)!.sequence);
    const rest = await page('shop', first.through, 40);
    expect(rest.events[0]!.sequence).to.equal(first.through + 1);
    const short = await log().page('shop', { after: 4, limit: 40, bytes: 128 * 1024 });
    expect([short.events.length, short.through]).to.deep.equal([3, 7]);
    const shortest = await log().page('shop', { after: 4, limit: 40, bytes: 1 });
    expect([shortest.events.length, shortest.through]).to.deep.equal([1, 5]);
  });

  test('gives pages that follow one another', async () => {
    await appendMany('shop', 10);
    await number();
    const first = await page('shop', 0, 4);
    expect([sequencesOf(first.events), first.through, first.last]).to.deep.equal([[1, 2, 3, 4], 4, 10]);
    const second = await page('shop', first.through, 6);
    expect([sequencesOf(second.events), second.through]).to.deep.equal([[5, 6, 7, 8, 9, 10], 10]);
    const third = await page('shop', second.through, 6);
    expect([third.events, third.through]).to.deep.equal([[], 10]);
    expect((await page('shop', 99)).through).to.equal(99);
    expect([await log().last('shop'), await log().last('nobody')]).to.deep.equal([10, 0]);
  });

  test('filters by subject and by kind, and says how far it looked', async () => {
    const events = Array.from({ length: 12 }, (_, index) =>
      newEvent('shop', { subject: `s${index % 2}`, kind: index % 3 === 0 ? 'failure' : 'log' }),
    );
    await Promise.all(events.map(append));
    await number();
    const find = (filter: object): ReturnType<EventLog['page']> =>
      log().page('shop', { after: 0, limit: 3, filter });
    const bySubject = await find({ subject: 's1' });
    expect([sequencesOf(bySubject.events), bySubject.through]).to.deep.equal([[2, 4, 6], 6]);
    const byKind = await find({ kinds: ['failure', 'success'] });
    expect([sequencesOf(byKind.events), byKind.through]).to.deep.equal([[1, 4, 7], 7]);
    const byBoth = await find({ subject: 's1', kinds: ['failure'] });
    expect([sequencesOf(byBoth.events), byBoth.through]).to.deep.equal([[4, 10], 12]);
  });

  test('numbers without gaps whatever is appended at the same time, also with ids that come twice', async () => {
    const events = Array.from({ length: 200 }, (_, index) =>
      newEvent(`p${index % 3}`, { id: `e${index % 150}` }),
    );
    const numbering = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await number();
    })();
    await Promise.all([...events.map(append), numbering]);
    await number();
    for (const project of ['p0', 'p1', 'p2']) {
      const { first, last } = await page(project);
      const ids = new Set(events.filter((event) => event.project === project).map(({ id }) => id));
      expect(last).to.equal(ids.size);
      const { events: kept } = await page(project, 0, 1_000);
      expect(sequencesOf(kept)).to.deep.equal(
        Array.from({ length: last - first + 1 }, (_, index) => first + index),
      );
    }
  });
}
