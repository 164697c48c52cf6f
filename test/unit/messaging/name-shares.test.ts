import { expect } from 'chai';
import fc from 'fast-check';
import type { NameShares } from '#messaging/name-shares.js';
import { createNameShares } from '#messaging/name-shares.js';

describe('the shares of names', () => {
  /** Takes as many as it gets; gives how many that were. */
  function takeAll(shares: NameShares, name: string | null): number {
    let count = 0;
    while (shares.refusal(name) === null) {
      shares.take(name);
      count += 1;
    }
    return count;
  }

  it('leave half to others, to a third name half of the rest, and so on to the last', () => {
    const shares = createNameShares({ limit: 20, what: 'callers wait' });
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => takeAll(shares, name))).to.deep.equal([10, 5, 3, 1, 1]);
    expect(shares.refusal('f')).to.equal('20 callers wait; the limit is 20');
  });

  it('say what a name has, and why it gets no more', () => {
    const shares = createNameShares({ limit: 20, what: 'callers wait' });
    takeAll(shares, 'a');
    expect(shares.refusal('a')).to.equal(
      "10 callers wait for 'a'; of 20 in all a name gets no more than it leaves to others",
    );
  });

  it('are all for everybody where nobody has a name', () => {
    const shares = createNameShares({ limit: 20, what: 'callers wait' });
    expect(takeAll(shares, null)).to.equal(20);
  });

  it('give the only place to whoever comes first', () => {
    expect(takeAll(createNameShares({ limit: 1, what: 'callers wait' }), 'a')).to.equal(1);
  });

  it('get back what was taken, once', () => {
    const shares = createNameShares({ limit: 20, what: 'callers wait' });
    const giveBack = shares.take('a', 15);
    expect(shares.refusal('a')).not.to.equal(null);
    giveBack();
    giveBack();
    expect([shares.size, takeAll(shares, 'a')]).to.deep.equal([0, 10]);
  });

  it('take many at once when there is room for the last of them', () => {
    const shares = createNameShares({ limit: 20, what: 'bytes come' });
    expect(shares.refusal('a', 10)).to.equal(null);
    expect(shares.refusal('a', 11)).not.to.equal(null);
    expect(shares.refusal(null, 20)).to.equal(null);
    expect(shares.refusal(null, 21)).not.to.equal(null);
  });

  it('leave room for one that has nothing, whatever a single other one takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000 }), (limit) => {
        const shares = createNameShares({ limit, what: 'callers wait' });
        takeAll(shares, 'greedy');
        expect(shares.refusal('other')).to.equal(null);
      }),
    );
  });
});
