import { expect } from 'chai';
import { createPlan, expectedMs } from '../../../bench/status/plan.js';
import { findLeftOut } from '../../../bench/status/left-out.js';
import { intervalOf, variants } from '../../../bench/status/variants.js';

describe('the plan of the status benchmark', () => {
  it('takes no longer than it promises', () => {
    const secondsOf = (size: 'smoke' | 'quick' | 'full'): number =>
      expectedMs(createPlan(size, { only: [] })) / 1_000;
    expect(secondsOf('smoke')).to.be.within(10, 30);
    expect(secondsOf('quick')).to.be.within(120, 600);
    expect(secondsOf('full')).to.be.within(1_800, 60 * 60);
  });

  it('has windows of whole intervals, so that as many questions fall due for every client', () => {
    for (const size of ['quick', 'full'] as const) {
      const { windowMs, variants: chosen } = createPlan(size, { only: [] });
      expect(chosen).to.have.length(variants.length);
      for (const interval of chosen.map(intervalOf).filter((ms) => ms > 0))
        expect(windowMs % interval).to.equal(0);
    }
  });

  it('runs every kind of client in its smallest size', () => {
    const kindOf = ({ reading, publishing }: (typeof variants)[number]): string =>
      JSON.stringify([{ ...reading, everyMs: 0 }, publishing]);
    const smoke = createPlan('smoke', { only: [] }).variants.map(kindOf);
    for (const variant of variants.filter(({ id }) => !id.startsWith('poll'))) {
      expect(smoke, variant.id).to.include(kindOf(variant));
    }
  });

  it('leaves out what the parts cannot do, and says so', () => {
    const plan = createPlan('full', { only: ['topic', 'topic-durable', 'database-1s', 'sse'] });
    expect(findLeftOut(plan, { database: null, brokerKind: 'embedded' })).to.deep.equal([
      {
        ...{ variant: 'topic', clients: 1_000 },
        why: 'The embedded broker takes 1,000 connections, so not measured with 1000 clients: topic at the broker.',
      },
      {
        ...{ variant: 'database-1s', clients: null },
        why: 'Without PostgreSQL, not measured: query every 1 s.',
      },
    ]);
    const [durable] = findLeftOut(plan, { database: null, brokerKind: 'rabbitmq' });
    expect(durable).to.include({ variant: 'topic-durable', clients: null });
  });
});
