import { expect } from 'chai';
import { createTaskList } from '#app/watch/task-list.js';
import type { SeenSubject } from '#app/watch/target.js';
import type { StatusEvent } from '#core/status-event.js';

function event(
  subject: string,
  time: number,
  more: Partial<StatusEvent & { sequence: number }> = {},
): StatusEvent & { readonly sequence?: number } {
  return { id: `${subject}-${time}`, project: 'p', subject, kind: 'progress', time, ...more };
}

function seenRequest(subject: string, sequence: number): SeenSubject {
  return { ...{ subject, kind: 'log', sequence, time: 1, startedAt: 1 }, isRequest: true, isOver: false };
}

describe('the tasks of a stream', () => {
  it('keep the last percentage and text that were told, and when they began', () => {
    const list = createTaskList();
    list.take(event('a', 10, { percent: 20, text: 'kneading' }));
    list.take(event('a', 30, { kind: 'log' }));
    expect(list.tasks()).to.have.length(1);
    expect(list.tasks()[0]).to.include({
      percent: 20,
      text: 'kneading',
      startedAt: 10,
      time: 30,
      kind: 'log',
    });
  });

  it('go on from where the gateway says that they stand', () => {
    const list = createTaskList();
    const seen = {
      kind: 'progress',
      sequence: 4,
      time: 20,
      startedAt: 1,
      isRequest: true,
      isOver: false,
    } as const;
    list.begin([{ ...seen, subject: 'r', percent: 60, status: 'sent' }], { areAll: true });
    expect(list.isCut).to.equal(false);
    list.take(event('r', 40, { kind: 'success' }));
    // Of a request only its own end counts.
    expect(list.tasks()[0]).to.include({ percent: 60, startedAt: 1, isOver: false });
    list.take(event('r', 50, { kind: 'success', data: { status: 'replied' } }));
    expect(list.tasks()[0]).to.include({ isOver: true, status: 'replied' });
    list.take(event('r', 60, { percent: 70 }));
    expect(list.tasks()[0]?.isOver).to.equal(true);
  });

  it('take no state from what a service writes into its data', () => {
    const list = createTaskList();
    list.take(event('a', 1, { kind: 'log', data: { status: 'sent', row: 4 } }));
    list.take(event('a', 2, { data: { status: 'expired' } }));
    expect(list.tasks()[0]).to.include({ isRequest: false, isOver: false, status: undefined });
    list.take(event('a', 3, { kind: 'failure' }));
    expect(list.tasks()[0]?.isOver).to.equal(true);
    list.take(event('a', 4));
    expect(list.tasks()[0]?.isOver).to.equal(false);
  });

  it('take the state of no request for that of an order', () => {
    const list = createTaskList();
    list.take(event('order-7', 1, { kind: 'log', data: { status: 'sent' } }));
    list.take(event('order-7', 2, { kind: 'success' }));
    expect(list.tasks()[0]).to.include({ isRequest: false, isOver: true, status: undefined });
    list.take(event('order-8', 3, { kind: 'success', data: { status: 'completed' } }));
    list.take(event('order-8', 4));
    expect(list.tasks().find(({ subject }) => subject === 'order-8')).to.include({ isOver: false });
  });

  it('become requests when they are accepted, and then end as the gateway says', () => {
    const list = createTaskList();
    list.take(event('r', 1, { kind: 'log' }));
    list.take(event('r', 2, { kind: 'log', data: { status: 'accepted' } }));
    list.take(event('r', 3, { kind: 'success', data: { status: 'completed', rows: 7 } }));
    expect(list.tasks()[0]).to.include({ isRequest: true, isOver: false, status: 'accepted' });
    list.take(event('r', 4, { kind: 'user-action', data: { status: 'cancelled' } }));
    expect(list.tasks()[0]).to.include({ isOver: true, status: 'cancelled' });
  });

  it('that turn out to be requests are where their events said', () => {
    for (const [end, status] of [
      [{ kind: 'user-action', data: { status: 'cancelled' } }, 'cancelled'],
      [{ kind: 'failure', data: { status: 'expired' } }, 'expired'],
    ] as const) {
      const list = createTaskList();
      list.take(event('r', 1, { percent: 40, sequence: 21 }));
      expect(list.doubtfulTo).to.equal(undefined);
      list.take(event('r', 2, { ...end, sequence: 23 }));
      list.take(event('r', 3, { percent: 50, sequence: 24 }));
      expect(list.tasks()[0]).to.include({ isRequest: false, isOver: false, status: undefined });
      expect(list.doubtfulTo).to.equal(24);
      list.learn([seenRequest('r', 24)], { from: 24, before: 25 });
      expect(list.tasks()[0]).to.include({ isRequest: true, isOver: true, status, percent: 50 });
      expect(list.doubtfulTo).to.equal(undefined);
      list.take(event('r', 4, { percent: 60, sequence: 25 }));
      expect(list.tasks()[0]).to.include({ isOver: true, status });
    }
  });

  it('that are no requests stay what they are, and are asked about once', () => {
    const list = createTaskList();
    list.take(event('order', 1, { kind: 'success', data: { status: 'completed' }, sequence: 5 }));
    list.take(event('gone', 2, { kind: 'success', data: { status: 'completed' }, sequence: 6 }));
    list.learn([{ ...seenRequest('order', 5), isRequest: false }], { from: 0, before: 7 });
    expect(list.doubtfulTo).to.equal(undefined);
    list.take(event('order', 3, { sequence: 7 }));
    expect(list.doubtfulTo).to.equal(undefined);
    expect(list.tasks().find(({ subject }) => subject === 'order')).to.include({ isOver: false });
    // It was just moving on.
    list.take(event('gone', 4, { sequence: 8 }));
    expect(list.doubtfulTo).to.equal(8);
    list.learn([seenRequest('gone', 8)], { from: 8, before: 9 });
    expect(list.tasks().find(({ subject }) => subject === 'gone')).to.include({ status: 'completed' });
  });

  it('do not go back to events that the list has counted already', () => {
    const list = createTaskList();
    const over = { kind: 'success', sequence: 12, time: 12, startedAt: 1, isRequest: false } as const;
    list.begin([{ ...over, subject: 'job', percent: 100, isOver: true }], { areAll: true });
    list.take(event('job', 11, { percent: 50, sequence: 11 }));
    expect(list.tasks()[0]).to.include({ isOver: true, percent: 100 });
    list.take(event('job', 13, { percent: 5, sequence: 13 }));
    expect(list.tasks()[0]).to.include({ isOver: false, percent: 5 });
  });

  it('are told to be a part of them when the gateway may have more', () => {
    const list = createTaskList();
    list.begin([], { areAll: false });
    expect(list.isCut).to.equal(true);
  });

  it('keep no more of a text than any terminal shows', () => {
    const list = createTaskList();
    list.take(event('a', 1, { text: 'x'.repeat(65_536) }));
    expect(list.tasks()[0]?.text).to.have.lengthOf(1_000);
  });

  it('stand with those that go on first, each the newest first', () => {
    const list = createTaskList();
    list.take(event('old', 1));
    list.take(event('over', 2, { kind: 'failure' }));
    list.take(event('new', 3));
    list.take(event('old', 4));
    expect(list.tasks().map(({ subject }) => subject)).to.deep.equal(['new', 'old', 'over']);
  });

  it('are forgotten when there are very many, the oldest that are over first', () => {
    const list = createTaskList();
    list.take(event('open', 0));
    for (let number = 1; number <= 5_000; number += 1) {
      list.take(event(`t-${number}`, number, { kind: 'success' }));
      expect(list.tasks().length).to.be.at.most(1_200);
    }
    const subjects = list.tasks().map(({ subject }) => subject);
    expect(subjects[0]).to.equal('open');
    expect(subjects[1]).to.equal('t-5000');
    expect(list.isCut).to.equal(true);
  }).timeout(20_000);
});
