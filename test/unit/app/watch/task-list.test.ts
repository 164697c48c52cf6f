import { expect } from 'chai';
import { createTaskList } from '#app/watch/task-list.js';
import type { StatusEvent } from '#core/status-event.js';

function event(subject: string, time: number, more: Partial<StatusEvent> = {}): StatusEvent {
  return { id: `${subject}-${time}`, project: 'p', subject, kind: 'progress', time, ...more };
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
    list.begin([{ ...seen, subject: 'r', percent: 60, status: 'sent' }]);
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
