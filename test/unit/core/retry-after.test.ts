import { expect } from 'chai';
import fc from 'fast-check';
import { toRetryAfterSeconds } from '#core/retry-after.js';

const most = 0.999_999;

describe('Retry-After', () => {
  it('is what is known in whole seconds, or a little more', () => {
    const ranges = [0, 1, 1_000, 1_001, 5_000, 20_000, 48_000].map((ms) => [
      toRetryAfterSeconds(ms, 0),
      toRetryAfterSeconds(ms, most),
    ]);
    expect(ranges).to.deep.equal([
      [1, 2],
      [1, 2],
      [1, 2],
      [2, 3],
      [5, 7],
      [20, 25],
      [48, 60],
    ]);
  });

  it('is spread below a minute where nothing tells that it will ever work', () => {
    expect([toRetryAfterSeconds(Infinity, 0), toRetryAfterSeconds(Infinity, most)]).to.deep.equal([48, 60]);
  });

  it('is always a whole number from 1 to 60', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, noNaN: true }),
        fc.double({ min: 0, max: most, noNaN: true }),
        (ms, random) => {
          const seconds = toRetryAfterSeconds(ms, random);
          return Number.isInteger(seconds) && seconds >= 1 && seconds <= 60;
        },
      ),
    );
  });
});
