import { expect } from 'chai';
import type { OpenTally } from '#messaging/open-tally.js';
import { createOpenTally } from '#messaging/open-tally.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';

describe('a tally of what is open', () => {
  let clock: ManualClock;
  let tally: OpenTally;

  beforeEach(() => {
    clock = createManualClock();
    tally = createOpenTally(clock);
  });

  function begin(count: number): void {
    for (let turn = 0; turn < count; turn += 1) tally.began();
  }
  function end(count: number): void {
    for (let turn = 0; turn < count; turn += 1) tally.ended();
  }

  it('does not tell in its first second when there is room', () => {
    begin(10);
    end(1);
    clock.advance(999);
    expect(tally.freeInMs(9)).to.equal(undefined);
    clock.advance(1);
    expect(tally.freeInMs(9)).to.equal(1_000);
  });

  it('tells by the rate at which what it counts ends', () => {
    begin(100);
    clock.advance(4_000);
    end(20);
    // 5 in a second: of 80, 31 have to end.
    expect(tally.freeInMs(50)).to.equal(6_200);
    expect(tally.freeInMs(81)).to.equal(0);
  });

  it('tells that it does not know of an end where nothing ends', () => {
    begin(10);
    clock.advance(5_000);
    expect(tally.freeInMs(10)).to.equal(Infinity);
  });

  it('keeps the rate of the time before the last count, and forgets it with time', () => {
    begin(200);
    end(100);
    clock.advance(10_000);
    tally.setRight(100);
    expect(tally.freeInMs(100)).to.equal(100);
    clock.advance(5_000);
    expect(tally.freeInMs(100)).to.equal(200);
    clock.advance(5_000);
    expect(tally.freeInMs(100)).to.equal(Infinity);
  });

  it('counts as free what others ended, less what they began', () => {
    tally.setRight(100);
    begin(20);
    clock.advance(10_000);
    // 50 ended elsewhere, and 10 began there.
    tally.setRight(80);
    expect(tally.open).to.equal(80);
    expect(tally.freeInMs(80)).to.equal(250);
    clock.advance(10_000);
    // More began there than ended.
    tally.setRight(90);
    expect(tally.freeInMs(90)).to.equal(Infinity);
  });

  it('keeps its window when it is set right often', () => {
    begin(100);
    for (let turn = 1; turn <= 4; turn += 1) {
      clock.advance(1_000);
      // Ten end elsewhere in each second.
      tally.setRight(100 - 10 * turn);
    }
    expect(tally.freeInMs(60)).to.equal(100);
  });

  it('goes by what is here while it is not set right for a long time', () => {
    begin(100);
    clock.advance(10_000);
    tally.setRight(100);
    clock.advance(40_000);
    end(20);
    expect(tally.freeInMs(80)).to.equal(2_000);
  });

  it('never counts below zero', () => {
    end(2);
    expect(tally.open).to.equal(0);
  });
});
