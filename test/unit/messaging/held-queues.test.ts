import { expect } from 'chai';
import type { HeldQueues } from '#messaging/held-queues.js';
import { createHeldQueues } from '#messaging/held-queues.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';

describe('held queues', () => {
  let clock: ManualClock;
  let held: HeldQueues;
  /** When a probe was asked for, on the clock. */
  let probes: number[];

  beforeEach(() => {
    clock = createManualClock();
    probes = [];
    held = createHeldQueues(clock, () => probes.push(clock.now()));
  });

  it('ask for a probe after 1 s, then after twice as long each time it fails, up to a minute', () => {
    for (let count = 0; count < 9; count += 1) {
      held.hold('q');
      clock.advance(60_000);
      expect(probes).to.have.length(count + 1);
      // As if no time had passed between the probe and its failure.
      probes[count] = probes[count]! - count * 60_000;
    }
    expect(probes).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
  });

  it('are not held longer by what was under way before, only by a failed probe', () => {
    for (let count = 0; count < 20; count += 1) held.hold('q');
    clock.advance(1_000);
    expect(probes).to.deep.equal([1_000]);
    held.hold('q');
    held.hold('q');
    clock.advance(2_000);
    expect(probes).to.deep.equal([1_000, 3_000]);
  });

  it('ask again after the same time when a probe could not be made', () => {
    held.hold('q');
    held.postpone('q');
    clock.advance(1_000);
    held.postpone('q');
    clock.advance(1_000);
    held.postpone('q');
    expect(probes).to.deep.equal([1_000, 2_000]);
    expect(held.isHeld('q')).to.equal(true);
    held.postpone('free');
    expect(held.isHeld('free')).to.equal(false);
  });

  it('begin anew after a release', () => {
    held.hold('q');
    clock.advance(1_000);
    held.hold('q');
    held.release('q');
    expect([held.isHeld('q'), held.names(), clock.pending]).to.deep.equal([false, [], 0]);
    held.hold('q');
    clock.advance(1_000);
    expect(probes).to.deep.equal([1_000, 2_000]);
  });

  it('are held apart from each other', () => {
    held.hold('p');
    held.hold('q');
    expect(held.names()).to.deep.equal(['p', 'q']);
    held.release('p');
    expect([held.isHeld('p'), held.isHeld('q')]).to.deep.equal([false, true]);
    held.release('unknown');
  });

  it('are probed ten at a time, in the order in which their time came', () => {
    const asked: string[] = [];
    const many = createHeldQueues(clock, (queue) => asked.push(queue));
    const names = Array.from({ length: 25 }, (_, index) => `q${index}`);
    for (const name of names) many.hold(name);
    clock.advance(1_000);
    expect(asked).to.deep.equal(names.slice(0, 10));
    // What was under way before says nothing about one whose turn has not come.
    expect(many.hold('q20')).to.equal(false);
    many.release('q3');
    many.hold('q4');
    many.postpone('q5');
    expect(asked).to.deep.equal(names.slice(0, 13));
    many.release('q13');
    many.release('q6');
    expect(asked.at(-1)).to.equal('q14');
    many.stop();
  });

  it('keep their turn for two seconds only, while their probes have no outcome', () => {
    const asked: string[] = [];
    const many = createHeldQueues(clock, (queue) => asked.push(queue));
    const names = Array.from({ length: 25 }, (_, index) => `q${index}`);
    for (const name of names) many.hold(name);
    clock.advance(1_000);
    clock.advance(1_999);
    expect(asked).to.have.length(10);
    clock.advance(1);
    expect(asked).to.have.length(20);
    // The first probes are under way still, and their outcome counts.
    expect(many.hold('q0')).to.equal(true);
    clock.advance(1_999);
    expect(asked.filter((name) => name === 'q0')).to.have.length(1);
    clock.advance(2_001);
    expect(asked.filter((name) => name === 'q0')).to.have.length(2);
    expect(asked).to.have.length(26);
    many.stop();
    expect(clock.pending).to.equal(0);
  });

  it('are probed one after the other when each probe ends at once, however many', () => {
    let probed = 0;
    const many = createHeldQueues(clock, (queue) => {
      probed += 1;
      many.postpone(queue);
    });
    for (let index = 0; index < 1_000; index += 1) many.hold(`q${index}`);
    clock.advance(1_000);
    expect([probed, many.names().length]).to.deep.equal([1_000, 1_000]);
    many.stop();
    expect(clock.pending).to.equal(0);
  });

  it('leave no timer when they stop, nor make one afterwards', () => {
    held.hold('p');
    held.hold('q');
    clock.advance(1_000);
    held.hold('p');
    held.stop();
    expect(clock.pending).to.equal(0);
    held.hold('r');
    held.postpone('q');
    expect([clock.pending, held.names()]).to.deep.equal([0, []]);
  });
});
