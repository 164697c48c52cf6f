import { expect } from 'chai';
import type { SequencedEvent, StatusEventKind } from '#core/status-event.js';

const { createRecentEvents } = await import('../../../../src/dashboard/browser/recent-events.js');

type RecentEvents = ReturnType<typeof createRecentEvents>;

function event(sequence: number, kind: StatusEventKind = 'log'): SequencedEvent {
  return { id: `e-${sequence}`, project: 'p', subject: 's', kind, time: 1, sequence, text: `${sequence}` };
}

function range(from: number, to: number, kind?: StatusEventKind): SequencedEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => event(from + index, kind));
}

const logs: readonly StatusEventKind[] = ['log'];

/** As the page asks for earlier ones: so many before those that are there. */
function loadEarlier(
  events: RecentEvents,
  page: (from: number, to: number) => SequencedEvent[],
  kinds = logs,
): void {
  const to = events.fromOf(kinds) - 1;
  const from = Math.max(1, to - 499);
  events.addOlder(page(from, to), { from, to });
}

const shown = (events: RecentEvents, kinds = logs): number[] =>
  events.select({ kinds, text: '', limit: Infinity }).shown.map(({ sequence }) => sequence);

const downTo = (from: number, to: number): number[] =>
  Array.from({ length: from - to + 1 }, (_, index) => from - index);

describe('the recent events of a page', () => {
  it('are whole again after a flood, when earlier ones are asked for', () => {
    const events = createRecentEvents({ ofEachKind: 500 });
    events.begin(101);
    for (const each of range(101, 1_700)) events.add(each);
    expect(shown(events).at(-1)).to.be.above(101);
    while (events.fromOf(logs) > 1) loadEarlier(events, range);
    expect(shown(events)).to.deep.equal(downTo(1_700, 1));
  });

  it('that somebody has asked for stay when new ones come', () => {
    const events = createRecentEvents({ ofEachKind: 500 });
    events.begin(1_501);
    for (const each of range(1_501, 2_000)) events.add(each);
    loadEarlier(events, range);
    loadEarlier(events, range);
    for (const each of range(2_001, 3_500)) events.add(each);
    expect(shown(events)).to.deep.equal(downTo(3_500, 501));
    for (const each of range(3_501, 100_000)) events.add(each);
    expect(shown(events)).to.have.lengthOf.at.most(3_000);
  });

  it('that somebody has gone back to stay when new ones come', () => {
    const events = createRecentEvents({ ofEachKind: 500 });
    const more: StatusEventKind[] = ['user-action'];
    const both = [...logs, ...more];
    events.begin(1);
    for (const each of range(1, 60, 'user-action')) events.add(each);
    for (const each of range(61, 1_010)) events.add(each);
    const oldest = events.select({ kinds: both, text: '', limit: 850 }).shown.at(-1);
    expect(oldest?.sequence).to.equal(161);
    events.keep(both, oldest ?? event(0));
    for (const each of range(1_011, 1_061)) events.add(each);
    expect(shown(events, both)).to.deep.equal(downTo(1_061, 1));
    // Not all that ever comes.
    for (const each of range(1_062, 10_000)) events.add(each);
    expect(shown(events)).to.have.lengthOf.within(850, 1_700);
  });

  it('of few are not driven out by a flood of others', () => {
    const events = createRecentEvents({ ofEachKind: 10 });
    events.begin(1);
    events.add(event(1));
    for (const each of range(2, 1_000, 'progress')) events.add(each);
    events.add(event(1_001));
    expect(shown(events)).to.deep.equal([1_001, 1]);
    expect(events.fromOf(logs)).to.equal(1);
    // Beside the flood nothing is shown that stands before a hole in it.
    const both: StatusEventKind[] = ['log', 'progress'];
    const from = events.fromOf(both);
    expect(shown(events, both)).to.deep.equal(downTo(1_001, from));
    const whole = (first: number, last: number): SequencedEvent[] =>
      range(first, last).map(({ sequence }) => event(sequence, sequence % 1_000 === 1 ? 'log' : 'progress'));
    while (events.fromOf(both) > 1) loadEarlier(events, whole, both);
    expect(shown(events, both)).to.deep.equal(downTo(1_001, 1));
  });

  it('take no page that does not join them any more', () => {
    const events = createRecentEvents({ ofEachKind: 10 });
    events.begin(101);
    for (const each of range(101, 110)) events.add(each);
    const asked = { from: 51, to: 100 };
    for (const each of range(111, 200)) events.add(each);
    const from = events.fromOf(logs);
    expect(from).to.be.above(101);
    events.addOlder(range(51, 100), asked);
    expect(events.fromOf(logs)).to.equal(from);
    expect(shown(events)).to.deep.equal(downTo(200, from));
  });

  it('take each event once, and begin anew', () => {
    const events = createRecentEvents({ ofEachKind: 10 });
    events.begin(1);
    for (const each of [event(1), event(2), event(2), event(1)]) events.add(each);
    expect(shown(events)).to.deep.equal([2, 1]);
    events.begin(8);
    expect(shown(events)).to.deep.equal([]);
    expect(events.fromOf(logs)).to.equal(8);
  });

  it('are found by their words', () => {
    const events = createRecentEvents({ ofEachKind: 10 });
    events.begin(1);
    for (const each of [event(1), { ...event(2), subject: 'Größe' }, { ...event(3), text: 'die GRÖSSE' }]) {
      events.add(each);
    }
    const found = (text: string): number[] =>
      events.select({ kinds: logs, text, limit: 1 }).shown.map(({ sequence }) => sequence);
    expect(found(' größe ')).to.deep.equal([2]);
    expect(found('grösse')).to.deep.equal([3]);
    expect(events.select({ kinds: logs, text: '', limit: 1 })).to.deep.include({ matching: 3 });
  });
});
