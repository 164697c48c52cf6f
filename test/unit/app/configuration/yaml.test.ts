import { expect } from 'chai';
import fc from 'fast-check';
import { parseYaml } from '#app/configuration/yaml.js';

function problemsOf(text: string): (string | undefined)[][] {
  const result = parseYaml(text, 'f.yaml');
  return result.ok ? [] : result.problems.map(({ field, allowed }) => [field, allowed]);
}

describe('YAML of the operator', () => {
  it('gives plain values', () => {
    expect(parseYaml('a: 1\nb: [x, "2", true, null]\n', 'f.yaml')).to.deep.equal({
      ok: true,
      value: { a: 1, b: ['x', '2', true, null] },
    });
    expect(parseYaml('', 'f.yaml')).to.deep.equal({ ok: true, value: null });
    expect(parseYaml('a: &x 1\nb: *x', 'f.yaml')).to.deep.equal({ ok: true, value: { a: 1, b: 1 } });
  });

  it('names line and column of what is wrong, and says it in words', () => {
    expect(problemsOf('a: 1\na: 2')).to.deep.equal([['f.yaml, line 2, column 1', 'each key once']]);
    expect(problemsOf('a:\n\tb: 1')[0]?.[0]).to.equal('f.yaml, line 2, column 1');
    expect(problemsOf('a: "x')).to.deep.equal([
      ['f.yaml, line 1, column 6', 'a closing quote, bracket or separator'],
    ]);
    expect(problemsOf('a: 1\nb: *c')).to.deep.equal([
      ['f.yaml, line 2, column 4', 'an alias whose anchor stands before it'],
    ]);
    expect(problemsOf('a: 1\n---\nb: 2')[0]?.[1]).to.equal('one document; no second ---');
  });

  it('refuses what YAML only warns about', () => {
    expect(problemsOf('a: !secret x')).to.deep.equal([
      ['f.yaml, line 1, column 4', 'plain values without tags (!...)'],
    ]);
    expect(problemsOf('%FOO\n---\na: 1')).to.have.length(1);
    expect(problemsOf('? [a]\n: 1')).to.have.length(1);
  });

  it('survives nesting and aliases without end', () => {
    expect(problemsOf('['.repeat(10_000))).to.have.length.greaterThan(0);
    const levels = Array.from(
      { length: 12 },
      (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(9)}]`,
    );
    expect(problemsOf(['l0: &l0 x', ...levels].join('\n'))).to.deep.equal([
      ['f.yaml', 'YAML with fewer aliases and levels'],
    ]);
  });

  it('never throws and never quotes the text', () => {
    const piece = fc.constantFrom(
      'a',
      'SECRET',
      ':',
      ' ',
      '\n',
      '"',
      "'",
      '[',
      '{',
      '- ',
      '\t',
      '&',
      '*',
      '!',
      '%',
      '@',
      '|',
      '#',
      '?',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          const result = parseYaml(text, 'f.yaml');
          if (!result.ok) expect(JSON.stringify(result.problems)).to.not.contain('SECRET');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
