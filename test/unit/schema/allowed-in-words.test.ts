import { expect } from 'chai';
import { z } from 'zod';
import { parseWith } from '#schema/problems.js';

function allowed(schema: z.ZodType, value: unknown): string | undefined {
  const result = parseWith(schema, value, 'body');
  return result.ok ? undefined : result.problems[0]?.allowed;
}

describe('what is allowed, in words', () => {
  it('counts one thing as one', () => {
    expect(allowed(z.array(z.string()).min(1), [])).to.equal('at least 1 entry');
    expect(allowed(z.array(z.string()).max(1), ['a', 'b'])).to.equal('at most 1 entry');
    expect(allowed(z.array(z.string()).min(2), [])).to.equal('at least 2 entries');
    expect(allowed(z.string().max(1), 'ab')).to.equal('at most 1 character');
    expect(allowed(z.string().max(2), 'abc')).to.equal('at most 2 characters');
    expect(allowed(z.string().min(1), '')).to.equal('text that is not empty');
  });

  it('names the one value without calling it one of some', () => {
    expect(allowed(z.literal('sqlite:'), 'x')).to.equal('sqlite:');
    expect(allowed(z.enum(['a']), 'x')).to.equal('a');
    expect(allowed(z.enum(['a', 'b']), 'x')).to.equal('one of a, b');
  });

  it('says which numbers', () => {
    expect(allowed(z.number().min(1), 0)).to.equal('at least 1');
    expect(allowed(z.number().gt(1), 1)).to.equal('more than 1');
    expect(allowed(z.number().lt(1), 1)).to.equal('less than 1');
    expect(allowed(z.number().multipleOf(5), 7)).to.equal('a multiple of 5');
    expect(allowed(z.int(), 1.5)).to.equal('a whole number');
  });

  it('never says "must be", which whoever tells it may put before it', () => {
    const given = z.strictObject({
      text: z.string().regex(/^a/u),
      at: z.iso.datetime(),
      either: z.union([z.string(), z.number()]),
      list: z.array(z.number()).max(0),
    });
    const result = parseWith(given, { text: 'b', at: 'now', either: true, list: [1] }, 'body');
    const words = result.ok ? [] : result.problems.map((problem) => problem.allowed);
    expect(words).to.deep.equal([
      'text of the form /^a/u',
      'an instant such as 2026-01-31T12:00:00.000Z',
      'text, or a number',
      'at most 0 entries',
    ]);
  });
});
