import { expect } from 'chai';
import { createPlan, expectedMs } from '../../../bench/followers/plan.js';

describe('the plan of the followers benchmark', () => {
  it('has as many idle streams as files may be open, and as a gateway takes', () => {
    const idleAt = (openFiles: number | null): number => createPlan('full', openFiles).idle;
    expect([20_000, 4_096, 1_024, 256, null].map(idleAt)).to.deep.equal([10_000, 3_596, 524, 100, 524]);
    expect(createPlan('full', 1_024).active).to.equal(524);
    expect(createPlan('full', 20_000)).to.include({ active: 1_000, rate: 100 });
  });

  it('takes minutes, or seconds when it is small', () => {
    expect(expectedMs(createPlan('full', 20_000)) / 1_000).to.be.within(60, 600);
    expect(expectedMs(createPlan('smoke', 20_000)) / 1_000).to.be.within(5, 20);
  });
});
