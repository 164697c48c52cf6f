import { expect } from 'chai';
import fc from 'fast-check';
import type { SequencedEvent } from '#core/status-event.js';
import { createRecentEvents } from '#status/recent-events.js';
import { newStatusEvent } from '../../support/numbered-log.js';
import { upTo } from '../../support/status-bench.js';

const events = (first: number, last: number): SequencedEvent[] =>
  upTo(last, first).map((sequence) => ({ ...newStatusEvent(), project: 'shop', sequence }));

const numbers = (found: readonly SequencedEvent[] | undefined): number[] | undefined =>
  found?.map(({ sequence }) => sequence);

describe('the recent events of a project', () => {
  it('are none at first, which says nothing of the log', () => {
    const recent = createRecentEvents();
    expect(recent.last).to.equal(0);
    expect(recent.behind(0)).to.equal(undefined);
  });

  it('are what comes after a position, as far as it is here', () => {
    const recent = createRecentEvents();
    recent.add(events(5, 7));
    expect(recent.last).to.equal(7);
    expect(recent.behind(3)).to.equal(undefined);
    expect(numbers(recent.behind(4))).to.deep.equal([5, 6, 7]);
    expect(numbers(recent.behind(6))).to.deep.equal([7]);
    expect(numbers(recent.behind(7))).to.deep.equal([]);
    // Whoever read the log may be ahead.
    expect(numbers(recent.behind(9))).to.deep.equal([]);
  });

  it('begin anew behind a gap, which is in the log', () => {
    const recent = createRecentEvents();
    recent.add(events(1, 3));
    recent.add(events(6, 7));
    expect(recent.behind(3)).to.equal(undefined);
    expect(numbers(recent.behind(5))).to.deep.equal([6, 7]);
  });

  it('have each once, when some come again', () => {
    const recent = createRecentEvents();
    recent.add(events(1, 3));
    recent.add(events(2, 5));
    expect(numbers(recent.behind(0))).to.deep.equal(upTo(5));
  });

  it('are fewer when they are large', () => {
    const recent = createRecentEvents();
    const large = (sequence: number, bytes: number): SequencedEvent => ({
      ...{ ...newStatusEvent(), project: 'shop', sequence },
      text: 'x'.repeat(bytes),
    });
    for (const sequence of upTo(40)) recent.add([large(sequence, 60_000)]);
    const kept = numbers(recent.behind(23)) ?? [];
    expect(kept).to.deep.equal(upTo(40, 24));
    expect(recent.behind(22)).to.equal(undefined);
    expect(recent.bytes).to.be.within(17 * 60_000, 1024 * 1024);
  });

  it('that were forgotten are known to have been', () => {
    const recent = createRecentEvents();
    recent.add(events(1, 3));
    recent.forget();
    expect([recent.last, recent.bytes]).to.deep.equal([3, 0]);
    expect(recent.behind(2)).to.equal(undefined);
    expect(numbers(recent.behind(3))).to.deep.equal([]);
    recent.add(events(4, 5));
    expect(numbers(recent.behind(3))).to.deep.equal([4, 5]);
    expect(recent.behind(2)).to.equal(undefined);
  });

  it('are few, and never with a gap, however they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 200 })), {
          minLength: 1,
          maxLength: 10,
        }),
        fc.nat(200),
        (parts, back) => {
          const recent = createRecentEvents();
          for (const [gap, count] of parts)
            recent.add(events(recent.last + gap + 1, recent.last + gap + count));
          const position = Math.max(0, recent.last - back);
          const found = numbers(recent.behind(position));
          if (found === undefined) return;
          expect(found).to.deep.equal(upTo(recent.last, position + 1));
          expect(found.length).to.be.at.most(256);
        },
      ),
    );
    const recent = createRecentEvents();
    recent.add(events(1, 1_000));
    expect(recent.behind(1_000 - 257)).to.equal(undefined);
    expect(recent.behind(1_000 - 256)).to.have.lengthOf(256);
  });
});
