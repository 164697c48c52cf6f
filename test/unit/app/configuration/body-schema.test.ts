import { expect } from 'chai';
import fc from 'fast-check';
import { compileBodySchema } from '#app/configuration/body-schema.js';
import type { BodyCheck } from '#schema/body-check.js';

function compiled(schema: unknown): BodyCheck {
  const result = compileBodySchema(JSON.stringify(schema));
  if (!result.ok) throw new Error(result.reason);
  return result.check;
}

function reason(text: string): string {
  const result = compileBodySchema(text);
  return result.ok ? '' : result.reason;
}

describe('JSON Schemas of routes', () => {
  const check = compiled({
    type: 'object',
    properties: {
      'a/b': { type: 'array', items: { enum: ['red', 'green'] } },
      size: { type: 'integer', maximum: 9 },
      mail: { type: 'string', format: 'email' },
    },
    required: ['size'],
    additionalProperties: false,
  });

  it('let through what they describe', () => {
    expect(check({ size: 3, 'a/b': ['red'], mail: 'a@example.com' })).to.deep.equal([]);
  });

  it('name the field, the value and what is allowed', () => {
    expect(check({})).to.deep.equal([{ field: 'body.size', allowed: 'it is required' }]);
    expect(check({ size: 10 })).to.deep.equal([{ field: 'body.size', value: '10', allowed: 'at most 9' }]);
    expect(check({ size: 'x' })[0]?.allowed).to.equal('a whole number');
    expect(check({ size: 1, sise: 1 })).to.deep.equal([{ field: 'body.sise', allowed: 'no such member' }]);
    expect(check({ size: 1, 'a/b': ['red', 'blue'] })).to.deep.equal([
      { field: 'body.a/b[1]', value: 'blue', allowed: 'one of red, green' },
    ]);
    expect(check({ size: 1, mail: 'x' })[0]?.allowed).to.contain('email');
    expect(check(7)).to.deep.equal([{ field: 'body', value: '7', allowed: 'an object' }]);
  });

  it('say what is allowed in the words of every other problem, whoever puts "must be" before them', () => {
    const cases: readonly (readonly [schema: object, body: unknown, allowed: string])[] = [
      [{ type: ['string', 'null'] }, 1, 'text or null'],
      [{ minLength: 1 }, '', 'text that is not empty'],
      [{ maxLength: 1 }, 'ab', 'at most 1 character'],
      [{ minItems: 1 }, [], 'at least 1 entry'],
      [{ maxItems: 2 }, [1, 2, 3], 'at most 2 entries'],
      [{ prefixItems: [{}], items: false }, [1, 2], 'at most 1 entry'],
      [{ minProperties: 2 }, {}, 'at least 2 members'],
      [{ maxProperties: 1 }, { a: 1, b: 2 }, 'at most 1 member'],
      [{ minimum: 1 }, 0, 'at least 1'],
      [{ exclusiveMinimum: 1 }, 1, 'more than 1'],
      [{ exclusiveMaximum: 1 }, 1, 'less than 1'],
      [{ multipleOf: 2 }, 3, 'a multiple of 2'],
      [{ pattern: '^a' }, 'b', 'text of the form /^a/u'],
      [{ format: 'date-time' }, 'b', 'text of the format date-time'],
      [{ const: { a: 1 } }, 4, '{"a":1}'],
      [{ enum: ['red'] }, 4, 'red'],
      [{ uniqueItems: true }, [1, 1], 'entries that differ from each other'],
      [{ not: {} }, 4, "what 'not' of the JSON Schema asks for"],
    ];
    for (const [schema, body, allowed] of cases) {
      expect(compiled(schema)(body)[0]?.allowed, JSON.stringify(schema)).to.equal(allowed);
    }
    expect(compiled({ dependentRequired: { a: ['b'] } })({ a: 1 })).to.deep.equal([
      { field: 'body.b', allowed: "it is required with 'a'" },
    ]);
    expect(compiled({ properties: { a: false } })({ a: 1 })).to.deep.equal([
      { field: 'body.a', value: '1', allowed: 'nothing' },
    ]);
  });

  it('say what is wrong with themselves', () => {
    expect(reason('{')).to.match(/^it is not JSON; ./u);
    expect(reason('[]')).to.equal('a schema is an object, true or false');
    expect(reason('{"type":"objekt"}')).to.contain('type');
    expect(reason('{"typ":"object"}')).to.contain('typ');
    expect(reason('{"$ref":"other.json"}')).to.contain('other.json');
    expect(reason('{"$schema":"http://json-schema.org/draft-07/schema#"}')).to.contain('draft-07');
    expect(reason('{"$async":true}')).to.contain('$async');
    expect(reason('true')).to.equal('');
  });

  it('tell every fault of a small body, at most ten', () => {
    const body = { size: 'x', mail: 7, 'a/b': ['blue', 'red', 'pink'], more: 1 };
    expect(check(body, 100).map(({ field }) => field)).to.have.members([
      'body.more',
      'body.size',
      'body.mail',
      'body.a/b[0]',
      'body.a/b[2]',
    ]);
    const colours = Array.from({ length: 50 }, () => 'blue');
    expect(check({ size: 1, 'a/b': colours }, 16_384)).to.have.length(10);
    expect(check({ size: 1, 'a/b': colours }, 16_385)).to.have.length(1);
  });

  it('end a check at the first fault, however many there are', () => {
    const list = compiled({ type: 'array', items: { type: 'string' } });
    expect(list(new Array(100_000).fill(1))).to.have.length(1);
  });

  it('never throw, change nothing, and survive a schema that refers to itself', () => {
    const tree = compiled({
      $ref: '#/$defs/node',
      $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' } } },
    });
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(tree(deep)[0]?.field).to.equal('body');
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const before = JSON.stringify(body);
        expect(check(body)).to.be.an('array');
        expect(JSON.stringify(body)).to.equal(before);
      }),
    );
  });
});
