import '../../../support/browser-modules.js';
import { expect } from 'chai';
import type { SequencedEvent } from '#core/status-event.js';
import { toldState as toldByGateway } from '#core/told-state.js';

const { toldState } = await import('../../../../src/dashboard/browser/subject.js');
const { createSubjects } = await import('../../../../src/dashboard/browser/subjects.js');

type Listed = Parameters<ReturnType<typeof createSubjects>['merge']>[0][number];

function event(subject: string, sequence: number, more: Partial<SequencedEvent> = {}): SequencedEvent {
  return {
    ...{ id: `e-${sequence}`, project: 'p', subject, kind: 'progress', time: sequence, sequence },
    ...more,
  };
}

const state = (status: string): Partial<SequencedEvent> => ({ kind: 'log', data: { status } });

function listed(subject: string, sequence: number, more: Partial<Listed> = {}): Listed {
  return {
    ...{ subject, kind: 'progress', sequence, time: sequence, startedAt: 1, isRequest: false, isOver: false },
    ...more,
  };
}

const all = { state: 'all', text: '' } as const;

describe('the subjects of a page', () => {
  it('take for a state of a request what the gateway tells, and nothing that services write', () => {
    for (const [more, told] of [
      [state('accepted'), 'accepted'],
      [state('sent'), 'sent'],
      [{ kind: 'success', data: { status: 'replied' } }, 'replied'],
      [{ kind: 'failure', data: { status: 'faulted' } }, 'faulted'],
      [{ kind: 'failure', data: { status: 'expired' } }, 'expired'],
      [{ kind: 'user-action', data: { status: 'cancelled' } }, 'cancelled'],
      [{ kind: 'success', data: { status: 'completed' } }, 'completed'],
      [{ kind: 'progress', data: { status: 'completed', step: 'load' }, percent: 40 }, undefined],
      [{ kind: 'progress', data: { status: 'completed' } }, undefined],
      [{ kind: 'log', data: { status: 'completed' } }, undefined],
      [{ kind: 'log', data: { status: 'sent' }, percent: 1 }, undefined],
      [{ kind: 'log', data: { status: 'late' } }, undefined],
      [{ kind: 'log', data: { status: 'toString' } }, undefined],
      [{ kind: 'log', data: { status: ['sent'] } }, undefined],
      [{ kind: 'log', data: null }, undefined],
      [{ kind: 'log', data: 'sent' }, undefined],
      [{ kind: 'log' }, undefined],
    ] as const) {
      const given = event('a', 1, more);
      expect([toldState(given), toldByGateway(given)], JSON.stringify(more)).to.deep.equal([told, told]);
    }
  });

  it('let the words of a service end no request', () => {
    const subjects = createSubjects();
    subjects.merge([listed('r', 1, { isRequest: true, status: 'sent' })]);
    subjects.apply(event('r', 2, { percent: 40, data: { status: 'completed', step: 'load' } }));
    expect(subjects.find('r')).to.deep.include({ status: 'sent', percent: 40, isOver: false });
    subjects.apply(event('r', 3, { kind: 'success', data: { status: 'replied' } }));
    expect(subjects.find('r')).to.deep.include({ status: 'replied', isOver: true });
    subjects.apply(event('r', 4, { percent: 50 }));
    expect(subjects.find('r')).to.deep.include({ isOver: true });
  });

  it('believe the list about what only looks like a request', () => {
    const subjects = createSubjects();
    expect(subjects.apply(event('order', 1, state('accepted')))).to.equal(false);
    expect(subjects.find('order')).to.deep.include({ isRequest: true, status: 'accepted' });
    subjects.apply(event('order', 2));
    subjects.merge([listed('order', 1)]);
    expect(subjects.find('order')).to.deep.include({ isRequest: false, isOver: false });
    expect(subjects.find('order')).not.to.have.property('status');
    expect(subjects.askedTo).to.equal(undefined);
  });

  it('become requests when they are accepted, although they were known before', () => {
    const subjects = createSubjects();
    subjects.merge([listed('r', 3, { kind: 'log' })]);
    expect(subjects.apply(event('r', 5, state('accepted')))).to.equal(false);
    // A list from before changes nothing.
    subjects.merge([listed('r', 3, { kind: 'log' })]);
    expect(subjects.askedTo).to.equal(5);
    subjects.apply(event('r', 6, { kind: 'user-action', data: { status: 'cancelled' } }));
    expect(subjects.find('r')).to.deep.include({ isRequest: true, status: 'cancelled', isOver: true });
    subjects.merge([listed('r', 5, { isRequest: true, status: 'accepted' })]);
    expect(subjects.find('r')).to.deep.include({ isRequest: true, status: 'cancelled', isOver: true });
    expect(subjects.askedTo).to.equal(undefined);
  });

  it('are given their past by the list, under what was told since', () => {
    const subjects = createSubjects();
    for (const sequence of [11, 12]) {
      expect(subjects.apply(event('r', sequence, { percent: sequence }))).to.equal(false);
    }
    expect(subjects.askedTo).to.equal(12);
    const past = { percent: 3, text: 'begun', status: 'expired', isRequest: true, isOver: true } as const;
    subjects.merge([listed('r', 11, { ...past, startedAt: 7 })]);
    expect(subjects.find('r')).to.deep.include({
      ...{ percent: 12, text: 'begun', status: 'expired', isRequest: true, isOver: true },
      ...{ startedAt: 7, sequence: 12, time: 12 },
    });
    expect(subjects.apply(event('r', 13))).to.equal(true);
  });

  it('that ended before their past was there are over, whatever the list said until then', () => {
    for (const end of [
      { kind: 'success', data: { status: 'replied' } },
      { kind: 'user-action', data: { status: 'cancelled' } },
    ] as const) {
      const subjects = createSubjects();
      subjects.apply(event('r', 11));
      subjects.apply(event('r', 12, end));
      subjects.merge([listed('r', 11, { isRequest: true, status: 'sent' })]);
      expect(subjects.find('r')).to.deep.include({ status: end.data.status, isOver: true });
      subjects.apply(event('r', 13));
      expect(subjects.find('r')).to.deep.include({ status: end.data.status, isOver: true });
      expect(subjects.askedTo).to.equal(undefined);
    }
  });

  it('are over or not by their last event that says so, in the past or since', () => {
    for (const [past, kinds, isOver] of [
      [true, ['log'], true],
      [false, ['log', 'user-action'], false],
      [true, ['progress', 'log'], false],
      [false, ['failure', 'log'], true],
    ] as const) {
      const subjects = createSubjects();
      kinds.forEach((kind, index) => subjects.apply(event('a', 2 + index, { kind })));
      subjects.merge([listed('a', 1, { isOver: past, kind: past ? 'success' : 'log' })]);
      expect(subjects.find('a')?.isOver, `${past} ${kinds.join()}`).to.equal(isOver);
    }
  });

  it('do not grow without end, and lose those first of whom nothing was heard for longest', () => {
    const subjects = createSubjects({ kept: 10, most: 20 });
    for (let sequence = 1; sequence <= 1_000; sequence += 1) {
      const { cuts } = subjects;
      const before = subjects.size;
      subjects.apply(event(`t-${sequence}`, sequence));
      subjects.apply(event('busy', sequence + 0.5));
      expect(subjects.size).to.be.at.most(20);
      expect(subjects.cuts > cuts).to.equal(subjects.size < before);
    }
    const shown = subjects.select(all);
    expect(shown.slice(0, 3).map(({ subject }) => subject)).to.deep.equal(['busy', 't-1000', 't-999']);
    expect(subjects.oldest).to.equal(shown.at(-1)?.sequence);
    // Nobody asks for the past of what is gone.
    expect(subjects.askedTo).to.be.at.least(1);
    const names = new Set(shown.map(({ subject }) => subject));
    expect(subjects.find('t-1')).to.equal(undefined);
    expect(names.size).to.equal(subjects.size);
  });

  it('keep as much of a text as the list does', () => {
    const subjects = createSubjects();
    subjects.apply(event('a', 1, { text: 'x'.repeat(65_536) }));
    expect(subjects.find('a')?.text).to.have.lengthOf(1_000);
  });

  it('stay as they are for an event that the list has counted', () => {
    const subjects = createSubjects();
    subjects.merge([listed('a', 5, { percent: 50 })]);
    expect(subjects.apply(event('a', 4, { percent: 40 }))).to.equal(true);
    expect(subjects.find('a')?.percent).to.equal(50);
  });
});
