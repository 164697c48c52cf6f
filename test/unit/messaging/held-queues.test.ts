import { expect } from 'chai';
import type { HeldQueues } from '#messaging/held-queues.js';
import { createHeldQueues } from '#messaging/held-queues.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { createManualClock } from '../../support/manual-clock.js';

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
