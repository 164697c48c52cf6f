import { expect } from 'chai';
import { parseInteger } from '#schema/whole-number.js';

describe('parseInteger', () => {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, absent: 7 };

  it('takes every whole number that it says it allows', () => {
    for (const value of ['0', '9', '1000000000000000', '9007199254740991', '0000000000000001']) {
      expect(parseInteger('?after', value, bounds), value).to.equal(Number(value));
    }
    expect(parseInteger('?after', undefined, bounds)).to.equal(7);
  });

  it('refuses all else, with the name, the value and what is allowed', () => {
    for (const value of [
      '',
      '-1',
      '1.5',
      '1e3',
      ' 1',
      '9007199254740992',
      '9007199254740993',
      '9'.repeat(40),
    ]) {
      expect(parseInteger('?after', value, bounds), value).to.deep.equal({
        ...{ field: '?after', value, allowed: 'a whole number from 0 to 9007199254740991' },
      });
    }
  });
});
