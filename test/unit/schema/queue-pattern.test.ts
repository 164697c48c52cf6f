import { expect } from 'chai';
import fc from 'fast-check';
import { isQueueAllowed, isQueuePattern } from '#schema/queue-pattern.js';
import { startWorkTime } from '../../support/work-time.js';

describe('queue patterns', () => {
  it('let * stand for any run of characters', () => {
    expect(isQueueAllowed(['*'], 'anything.at.all')).to.equal(true);
    expect(isQueueAllowed(['orders.*'], 'orders.eu.create')).to.equal(true);
    expect(isQueueAllowed(['orders.*'], 'orders')).to.equal(false);
    expect(isQueueAllowed(['*.create'], 'orders.create')).to.equal(true);
    expect(isQueueAllowed(['a*b*c'], 'a-b-b-c')).to.equal(true);
    expect(isQueueAllowed(['ab*ba'], 'aba')).to.equal(false);
    expect(isQueueAllowed(['one', 'two'], 'two')).to.equal(true);
    expect(isQueueAllowed(['Orders'], 'orders')).to.equal(false);
    expect(isQueueAllowed([], 'orders')).to.equal(false);
  });

  it('match what a regular expression would match', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (given, name) => {
        const expression = new RegExp(`^${given.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'u');
        expect(isQueueAllowed([given], name)).to.equal(expression.test(name));
      }),
      { numRuns: 500 },
    );
  });

  it('answer at once for patterns that would keep a regular expression busy', () => {
    const workedMs = startWorkTime();
    expect(isQueueAllowed([`${'*a'.repeat(100)}*b`], 'a'.repeat(255))).to.equal(false);
    expect(workedMs()).to.be.lessThan(1000);
  });

  it('are queue names apart from their wildcards', () => {
    for (const good of ['*', 'orders.*', 'Reply Queue', '*a*'])
      expect(isQueuePattern(good), good).to.equal(true);
    for (const bad of ['', ' a', 'a,b', 'a>', 'a/b', 'a::b', 'a\n'])
      expect(isQueuePattern(bad), bad).to.equal(false);
  });
});
