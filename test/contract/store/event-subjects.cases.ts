import { expect } from 'chai';
import type { StatusEvent } from '#core/status-event.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { eventRetention, retentionMs } from './bench.js';
import { createEventBench, newEvent } from './event-bench.js';

/** Projects, and where their subjects stand. */
export function eventSubjectCases(test: Case, bench: StoreBench): void {
  const { append, log, number, page, subjectOf } = createEventBench(bench);

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

  test('counts the subjects of each project, as they come, come again and go', async () => {
    const { statusEvents } = eventRetention;
    const tellOf = async (project: string, subjects: readonly string[]): Promise<void> => {
      for (const subject of subjects) await append(newEvent(project, { subject }));
      await number();
    };
    await tellOf('mine', ['a', 'b']);
    await tellOf('shop', ['a', 'b', 'a']);
    await tellOf('shop', ['b', 'c']);
    await expectCounted({ shop: 3, mine: 2 });
    // Beyond the number of events that stay: the first subjects go, one after the other.
    await tellOf(
      'shop',
      Array.from({ length: statusEvents - 1 }, (_, index) => `new ${index}`),
    );
    await expectCounted({ shop: statusEvents, mine: 2 });
    bench.clock.advance(retentionMs / 2);
    await tellOf('mine', ['b', 'd']);
    bench.clock.advance(retentionMs / 2);
    await log().sweep(10);
    await log().sweep(1_000);
    await expectCounted({ shop: 0, mine: 2 });
    await tellOf('shop', ['a']);
    await expectCounted({ shop: 1, mine: 2 });
  });

  /** What is counted is what is there. */
  async function expectCounted(counts: Record<string, number>): Promise<void> {
    const projects = await log().projects(10);
    expect(Object.fromEntries(projects.map(({ project, subjects }) => [project, subjects]))).to.deep.equal(
      counts,
    );
    for (const [project, count] of Object.entries(counts)) {
      expect(await log().subjects(project, { limit: 1_000 }), project).to.have.length(count);
    }
  }
}
