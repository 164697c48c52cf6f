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
    expect(check({ size: 10 })).to.deep.equal([{ field: 'body.size', value: '10', allowed: 'must be <= 9' }]);
    expect(check({ size: 1, sise: 1 })).to.deep.equal([{ field: 'body.sise', allowed: 'no such member' }]);
    expect(check({ size: 1, 'a/b': ['red', 'blue'] })).to.deep.equal([
      { field: 'body.a/b[1]', value: 'blue', allowed: 'one of red, green' },
    ]);
    expect(check({ size: 1, mail: 'x' })[0]?.allowed).to.contain('email');
    expect(check(7)).to.deep.equal([{ field: 'body', value: '7', allowed: 'must be object' }]);
  });

  it('say what is wrong with themselves', () => {
    expect(reason('{')).to.equal('it is not JSON');
    expect(reason('[]')).to.equal('a schema is an object, true or false');
    expect(reason('{"type":"objekt"}')).to.contain('type');
    expect(reason('{"typ":"object"}')).to.contain('typ');
    expect(reason('{"$ref":"other.json"}')).to.contain('other.json');
    expect(reason('{"$schema":"http://json-schema.org/draft-07/schema#"}')).to.contain('draft-07');
    expect(reason('{"$async":true}')).to.contain('$async');
    expect(reason('true')).to.equal('');
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
