import { expect } from 'chai';
import fc from 'fast-check';
import { headerProblem } from '#core/header-text.js';

const isAllowed = (value: string, name = 'x-a'): boolean => headerProblem(name, value) === undefined;

describe('the value of a header', () => {
  for (const value of ['', 'a', 'a b', 'grüße 日本', 'a:b=c;d', '"quoted"', '-0', 'x'.repeat(8_192)]) {
    it(`may be '${value.slice(0, 20)}'`, () => {
      expect(isAllowed(value)).to.equal(true);
    });
  }

  for (const [value, why] of [
    ['a\nb', 'of a line end'],
    ['a\rb', 'of a carriage return'],
    ['a\0b', 'of a NUL'],
    ['a\tb', 'of a tab'],
    [' a', 'of a space before it'],
    ['a\u2003', 'of a space after it'],
    [String.raw`a\nb`, 'of a backslash, which the client reads wrongly'],
    ['\udc00', 'it has no UTF-8 form'],
    ['x'.repeat(8_193), 'it is too long'],
    ['日'.repeat(2_731), 'it is too long in bytes'],
  ] as const) {
    it(`is refused because ${why}`, () => {
      expect(isAllowed(value)).to.equal(false);
    });
  }

  it('is measured in bytes of UTF-8', () => {
    for (const [unit, most] of [
      ['x', 8_192],
      ['ä', 4_096],
      ['日', 2_730],
      ['👩', 2_048],
    ] as const) {
      expect(isAllowed(unit.repeat(most)), unit).to.equal(true);
      expect(isAllowed(unit.repeat(most + 1)), unit).to.equal(false);
    }
  });

  it('is one line of UTF-8 without outer spaces when it is allowed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        if (!isAllowed(value)) return;
        expect(value.trim()).to.equal(value);
        expect(value).to.not.match(/[\u0000-\u001f\u007f\\]/u);
        expect(Buffer.from(value).toString()).to.equal(value);
      }),
    );
  });
});

describe('the name of a header', () => {
  it('is a token', () => {
    for (const name of ['x-a', 'Message-ID', 'x_1.2', "!#$%&'*+-.^_`|~"])
      expect(isAllowed('1', name)).to.equal(true);
    for (const name of ['', 'a b', 'a:b', 'a\n', 'grüße', 'a/b', 'a\\'])
      expect(isAllowed('1', name)).to.equal(false);
  });
});
