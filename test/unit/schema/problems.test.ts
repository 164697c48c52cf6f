import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { configurationSchema } from '#schema/configuration.js';
import { parseJson } from '#schema/json.js';
import { parseWith, pathInWords, valueInWords } from '#schema/problems.js';

const schema = z.strictObject({
  name: z.string().min(3),
  tags: z.array(z.enum(['red', 'green'])).max(2),
  size: z.int().min(1).max(9).optional(),
  at: z.iso.datetime().optional(),
});

describe('problems of a value', () => {
  it('are all told, each with its path, the value and what is allowed', () => {
    const result = parseWith(
      schema,
      { name: 'ab', tags: ['red', 'blue'], size: 1.5, at: 'now', tag: 1 },
      'body',
    );
    expect(result.ok ? [] : result.problems).to.deep.equal([
      { field: 'name', value: 'ab', allowed: 'at least 3 characters' },
      { field: 'tags[1]', value: 'blue', allowed: 'one of red, green' },
      { field: 'size', value: '1.5', allowed: 'a whole number' },
      { field: 'at', value: 'now', allowed: 'an instant such as 2026-01-31T12:00:00.000Z' },
      { field: 'tag', value: '1', allowed: "no such key; did you mean 'tags'?" },
    ]);
  });

  it('name the whole when there is no path, and list the keys when none is near', () => {
    const whole = parseWith(schema, [], 'body');
    expect(whole.ok ? [] : whole.problems).to.deep.equal([
      { field: 'body', value: '[]', allowed: 'an object' },
    ]);
    const unknown = parseWith(schema, { name: 'abc', tags: [], colour: 1 }, 'body');
    expect(unknown.ok ? '' : unknown.problems[0]?.allowed).to.equal(
      'no such key; known here are name, tags, size, at',
    );
  });

  it('show no more than the beginning of a long value', () => {
    const result = parseWith(schema, { name: 'abc', tags: 'x'.repeat(100_000) }, 'body');
    expect(result.ok ? 0 : result.problems[0]?.value?.length).to.equal(201);
  });

  it('hold circular and endless values', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    expect(valueInWords(circular)).to.equal('(a list)');
    const result = parseWith(schema, { name: circular, tags: [circular] }, 'body');
    expect(result.ok ? [] : result.problems.map(({ value }) => value)).to.deep.equal([
      '(a list)',
      '(a list)',
    ]);
  });

  it('write paths as people do', () => {
    expect(pathInWords(['routes', 0, 'queue'])).to.equal('routes[0].queue');
    expect(pathInWords([0, 'a'])).to.equal('[0].a');
  });

  it('come for anything at all without a throw', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (value) => {
        parseWith(configurationSchema, value, 'configuration');
        parseWith(
          configurationSchema,
          { routes: [value], http: value, allow: { queues: [value] } },
          'configuration',
        );
      }),
    );
  });
});

describe('parseJson', () => {
  it('counts levels outside of strings only', () => {
    const nested = (levels: number): Uint8Array =>
      new TextEncoder().encode(`${'['.repeat(levels)}"[[\\"[["${']'.repeat(levels)}`);
    expect(parseJson(nested(200), 'body').ok).to.equal(true);
    expect(parseJson(nested(201), 'body').ok).to.equal(false);
  });
});
