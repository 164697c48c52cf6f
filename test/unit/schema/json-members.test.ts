import { expect } from 'chai';
import fc from 'fast-check';
import { repeatedMember } from '#schema/json-members.js';

describe('a member that stands twice in JSON', () => {
  for (const [text, name] of [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"b":{"c":1,"d":[{"e":1,"e":1}]}}', 'e'],
    ['{"a":{"b":1},"b":1,"a":1}', 'a'],
    ['{"\\u0061":1,"a":2}', 'a'],
    ['{"":1,"":2}', ''],
    ['[{"a":"\\"a\\":1,{"},{"x":1 , "y":2, "x":3}]', 'x'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a":[],"a":{}}', 'a'],
  ] as const) {
    it(`is found: ${text}`, () => {
      expect(repeatedMember(text)).to.equal(name);
      expect(() => JSON.parse(text) as unknown).not.to.throw();
    });
  }

  it('is found in no JSON that was written from a value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(repeatedMember(JSON.stringify(value, null, 1))).to.equal(undefined);
      }),
    );
  });

  it('is found wherever it is put', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.jsonValue(), (name, one, two) => {
        const key = JSON.stringify(name);
        const text = `[${JSON.stringify(one)},{${key}:${JSON.stringify(one)},${key}:${JSON.stringify(two)}}]`;
        expect(repeatedMember(text)).to.equal(name);
      }),
    );
  });
});
