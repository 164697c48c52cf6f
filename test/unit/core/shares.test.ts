import { expect } from 'chai';
import { createShares } from '#core/shares.js';

describe('shares', () => {
  it('are given until nothing is left, and come back', () => {
    const shares = createShares({ places: 2, bytes: 100 });
    const leave = shares.take('a', 10);
    shares.take('b', 90);
    expect([shares.left, shares.leftBytes, shares.hasRoom('c', 0)]).to.deep.equal([0, 0, false]);
    leave();
    expect([shares.left, shares.leftBytes]).to.deep.equal([1, 10]);
    expect([shares.hasRoom('c', 10), shares.hasRoom('c', 11)]).to.deep.equal([true, false]);
  });

  it('give no more to whoever has more than what is left, in number or in bytes', () => {
    const shares = createShares({ places: 10, bytes: 100 });
    for (let count = 0; count < 6; count += 1) shares.take('many', 1);
    expect([shares.hasRoom('many', 1), shares.hasRoom('other', 1)]).to.deep.equal([false, true]);
    shares.take('large', 60);
    expect([shares.hasRoom('large', 1), shares.hasRoom('other', 1)]).to.deep.equal([false, true]);
    expect(shares.crowded()).to.deep.equal(['many', 'large']);
  });

  it('let through what is larger than all of them while nothing else is taken', () => {
    const shares = createShares({ places: 10, bytes: 100 });
    expect(shares.hasRoom('a', 1_000)).to.equal(true);
    const leave = shares.take('a', 1_000);
    expect([shares.leftBytes, shares.hasRoom('b', 0)]).to.deep.equal([0, false]);
    leave();
    expect([shares.left, shares.leftBytes, shares.crowded()]).to.deep.equal([10, 100, []]);
  });
});
