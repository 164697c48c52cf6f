import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { EventLog, SubjectState } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';
import { placeCases } from './durability.cases.js';
import { eventRetention, leaseMs, retentionMs } from './bench.js';

function newEvent(project: string | null, parts: Partial<StatusEvent> = {}): StatusEvent {
  return { id: randomUUID(), project, subject: 'somebody', kind: 'log', time: 1_552_959_300_500, ...parts };
}

export function eventLogCases(test: Case, bench: StoreBench): void {
  const log = (): EventLog => bench.store.events;
  const append = (event: StatusEvent): ReturnType<EventLog['append']> => log().append(event);

  /** Numbers all there is, as the sequencer. */
  async function number(owner = 's'): Promise<SequencedEvent[]> {
    expect(await log().claimDuty(owner, leaseMs)).to.equal(true);
    const all: SequencedEvent[] = [];
    for (;;) {
      const numbered = await log().number(owner, 7);
      if (numbered === null) return expect.fail('the duty was lost');
      if (numbered.length === 0) return all;
      all.push(...numbered);
    }
  }

  async function appendMany(project: string, count: number): Promise<StatusEvent[]> {
    const events = Array.from({ length: count }, (_, index) => newEvent(project, { text: String(index) }));
    await Promise.all(events.map(append));
    return events;
  }

  const page = (project: string, after = 0, limit = 100): ReturnType<EventLog['page']> =>
    log().page(project, { after, limit });

  const sequencesOf = (events: readonly SequencedEvent[]): number[] => events.map(({ sequence }) => sequence);

  async function subjectOf(project: string, subject: string): Promise<SubjectState> {
    const states = await log().subjects(project, { limit: 100 });
    return states.find((state) => state.subject === subject) ?? expect.fail(`nothing of ${subject}`);
  }

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

  test(placeCases[4], async () => {
    await appendMany('shop', 3);
    await number();
    await appendMany('shop', 2);
    await bench.reopen();
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

  test('tells a project of every state of its requests, and no other project', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' } });
    const other = await bench.sent();
    await bench.store.requests.settle(newReply(id));
    await bench.store.requests.settle(newReply(other.id));
    await number();
    const { events } = await page('shop');
    expect(events.map(({ subject }) => subject)).to.deep.equal([id, id, id]);
    expect(events.map(({ data }) => (data as { status: string }).status)).to.deep.equal([
      'accepted',
      'sent',
      'replied',
    ]);
    const history = await bench.store.requests.events(id, 0, 10);
    expect(history.map((event) => event.id)).to.deep.equal(events.map((event) => event.id));
    expect(await log().projects(10)).to.have.length(1);
  });

  test('adds an event about a request to its history and to the log of its project', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' } });
    const event = newEvent(null, { subject: id, kind: 'progress', percent: 30 });
    const outcome = await append(event);
    expect(outcome?.record).to.deep.include({ id, progress: { percent: 30, text: null } });
    await number();
    expect((await page('shop')).events.at(-1)).to.deep.equal({ ...event, project: 'shop', sequence: 3 });
    expect((await append(event))?.changed).to.equal(false);
  });

  test('leaves the history of a request alone where that is asked for', async () => {
    const { id, version } = await bench.sent();
    const outcome = await log().append(newEvent('shop', { subject: id }), { joinsHistory: false });
    expect(outcome).to.deep.equal({ record: null, changed: true });
    expect(await bench.record(id)).to.include({ version });
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

  test('lets one at a time number, until its lease is over', async () => {
    await append(newEvent('shop'));
    expect(await log().number('a', 10)).to.equal(null);
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
    expect(await log().claimDuty('b', leaseMs)).to.equal(false);
    expect(await log().number('b', 10)).to.equal(null);
    bench.clock.advance(leaseMs);
    expect(await log().number('a', 10)).to.equal(null);
    expect(await log().claimDuty('b', leaseMs)).to.equal(true);
    expect(await log().claimDuty('a', leaseMs)).to.equal(false);
    expect(await log().number('b', 10)).to.have.length(1);
    await log().releaseDuty('a');
    expect(await log().claimDuty('a', leaseMs)).to.equal(false);
    await log().releaseDuty('b');
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
  });

  test('gives the duty to another when the clock was set back by more than a lease', async () => {
    bench.clock.advance(3_600_000);
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
    bench.clock.advance(-3_600_000);
    expect(await log().claimDuty('b', leaseMs)).to.equal(true);
  });

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

  test('lists the beginning of long texts, and has them whole in the event', async () => {
    const text = 'y'.repeat(5_000);
    await append(newEvent('shop', { text }));
    await number();
    expect((await subjectOf('shop', 'somebody')).text).to.equal('y'.repeat(1_000));
    expect((await page('shop')).events[0]!.text).to.equal(text);
  });

  test('lists of the projects those that are wanted', async () => {
    for (const project of ['a', 'b', 'c', 'd']) await append(newEvent(project));
    await number();
    const projects = await log().projects(2, (project) => project !== 'b');
    expect(projects).to.have.length(2);
    expect(projects.map(({ project }) => project)).to.not.include('b');
    expect(projects.map(({ subjects }) => subjects)).to.deep.equal([1, 1]);
  });

  test('knows what the topic of a project lacks', async () => {
    await appendMany('shop', 3);
    await number();
    expect(await log().unpublished(10)).to.deep.equal([{ project: 'shop', published: 0 }]);
    await log().markPublished('shop', 2);
    await log().markPublished('shop', 1);
    expect(await log().unpublished(10)).to.deep.equal([{ project: 'shop', published: 2 }]);
    await log().markPublished('shop', 3);
    expect(await log().unpublished(10)).to.deep.equal([]);
    await append(newEvent('shop'));
    await number();
    expect(await log().unpublished(10)).to.deep.equal([{ project: 'shop', published: 3 }]);
    expect(await log().unpublished(10, ['shop'])).to.deep.equal([]);
    expect(await log().unpublished(10, ['mine'])).to.have.length(1);
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

  test('knows the latest of every subject', async () => {
    const told: Partial<StatusEvent>[] = [
      { kind: 'progress', percent: 10, text: 'begun', time: 1 },
      { kind: 'progress', percent: 60, time: 2 },
      { kind: 'log', text: 'packing', time: 3 },
    ];
    for (const parts of told) await append(newEvent('shop', parts));
    await number();
    const state = await subjectOf('shop', 'somebody');
    expect(state).to.deep.equal({
      ...{ subject: 'somebody', kind: 'log', sequence: 3, time: 3, startedAt: 1 },
      ...{ percent: 60, text: 'packing', status: null, isRequest: false, isOver: false },
    });
    await append(newEvent('shop', { kind: 'success' }));
    await append(newEvent('shop', { kind: 'log' }));
    await number();
    expect(await subjectOf('shop', 'somebody')).to.include({ isOver: true, percent: 60 });
    await append(newEvent('shop', { kind: 'progress', percent: 0 }));
    await number();
    expect(await subjectOf('shop', 'somebody')).to.include({ isOver: false, percent: 0 });
  });

  test('takes the state of a request from the gateway alone', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' } });
    await append(newEvent(null, { subject: id, data: { status: 'replied' }, kind: 'success' }));
    await number();
    expect(await subjectOf('shop', id)).to.include({ status: 'sent', isOver: false, isRequest: true });
    await bench.store.requests.settle(newReply(id));
    await append(newEvent(null, { subject: id, kind: 'progress', percent: 99 }));
    await number();
    expect(await subjectOf('shop', id)).to.include({ status: 'replied', isOver: true, percent: 99 });
  });

  test('lists projects and subjects with the newest events first, page by page', async () => {
    for (const [project, subject] of [
      ['shop', 'a'],
      ['shop', 'b'],
      ['mine', 'a'],
      ['shop', 'c'],
    ] as const) {
      await append(newEvent(project, { subject }));
      bench.clock.advance(1);
      await number();
    }
    const projects = await log().projects(10);
    expect(projects.map(({ project, last, subjects }) => [project, last, subjects])).to.deep.equal([
      ['shop', 3, 3],
      ['mine', 1, 1],
    ]);
    expect(await log().projects(1)).to.deep.equal(projects.slice(0, 1));
    const subjects = await log().subjects('shop', { limit: 2 });
    expect(subjects.map(({ subject }) => subject)).to.deep.equal(['c', 'b']);
    const rest = await log().subjects('shop', { limit: 2, before: subjects[1]!.sequence });
    expect(rest.map(({ subject }) => subject)).to.deep.equal(['a']);
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
