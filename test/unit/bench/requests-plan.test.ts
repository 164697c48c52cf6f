import { expect } from 'chai';
import { createPlan, expectedMs, middleOf, mostOf } from '../../../bench/requests/plan.js';
import { ways } from '../../../bench/requests/ways.js';

describe('the plan of the benchmark of requests', () => {
  it('takes no longer than it promises', () => {
    const secondsOf = (size: 'smoke' | 'quick' | 'full'): number =>
      expectedMs(createPlan(size, { only: [] })) / 1_000;
    expect(secondsOf('smoke')).to.be.within(5, 20);
    expect(secondsOf('quick')).to.be.within(120, 420);
    expect(secondsOf('full')).to.be.within(1_200, 40 * 60);
    const memory = createPlan('full', { only: [], repeats: 0, minutes: 10 });
    expect(expectedMs(memory) / 1_000).to.be.within(600, 630);
  });

  it('has all that the aims compare, at their numbers of connections', () => {
    const { ways: chosen, widths, repeats, minutes } = createPlan('full', { only: [] });
    expect(chosen).to.deep.equal(ways);
    expect(widths).to.deep.equal({ http: [1, 50, 200], library: [1, 100, 500] });
    expect([repeats, minutes]).to.deep.equal([3, 10]);
    expect([middleOf(widths.http), mostOf(widths.http), middleOf([7])]).to.deep.equal([50, 200, 7]);
  });

  it('runs everything once in its smallest size that differs by more than its broker or store', () => {
    const kindsOf = (chosen: typeof ways): Set<string> => new Set(chosen.map(({ subject }) => subject.is));
    const smoke = createPlan('smoke', { only: [] }).ways;
    expect(kindsOf(smoke)).to.deep.equal(kindsOf(ways));
    expect(createPlan('smoke', { only: ['library-memory'] }).ways.map(({ id }) => id)).to.deep.equal([
      'library-memory',
    ]);
  });
});
