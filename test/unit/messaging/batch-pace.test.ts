import { expect } from 'chai';
import fc from 'fast-check';
import type { BatchPace } from '#messaging/batch-pace.js';
import { createBatchPace } from '#messaging/batch-pace.js';

describe('the pace of batches', () => {
  const bounds = { least: 25, most: 500 };
  let pace: BatchPace;

  beforeEach(() => {
    pace = createBatchPace(bounds);
  });

  it('begins with the least, and doubles while full batches are short', () => {
    const sizes = Array.from({ length: 7 }, () => {
      const { size } = pace;
      pace.rest(1, size);
      return size;
    });
    expect(sizes).to.deep.equal([25, 50, 100, 200, 400, 500, 500]);
  });

  it('comes near to ten milliseconds', () => {
    for (let turn = 0; turn < 20; turn += 1) pace.rest(pace.size / 8, pace.size);
    expect(pace.size).to.equal(80);
    pace.rest(100, 80);
    expect(pace.size).to.equal(25);
  });

  it('learns nothing from a batch that was not full, unless it took long', () => {
    for (let turn = 0; turn < 3; turn += 1) pace.rest(1, pace.size);
    pace.rest(1, 10);
    expect(pace.size).to.equal(200);
    pace.rest(20, 10);
    expect(pace.size).to.equal(100);
  });

  it('rests as long as a batch took, and a millisecond at least', () => {
    expect([0, 0.2, 7.5, 300].map((tookMs) => pace.rest(tookMs, 25))).to.deep.equal([1, 1, 8, 300]);
  });

  it('stays within its bounds, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(1_000))),
        (batches) => {
          const some = createBatchPace(bounds);
          return batches.every(([tookMs, done]) => {
            some.rest(tookMs, done);
            return Number.isInteger(some.size) && some.size >= bounds.least && some.size <= bounds.most;
          });
        },
      ),
    );
  });
});
