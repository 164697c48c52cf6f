import { expect } from 'chai';
import fc from 'fast-check';
import type { PathRelation } from '#schema/route-path.js';
import {
  comparePaths,
  fillTemplate,
  isReservedSegment,
  parsePath,
  pathProblem,
  reservedSegments,
  templateNames,
} from '#schema/route-path.js';

function compared(first: string, second: string): PathRelation {
  return comparePaths(parsePath(first) ?? [], parsePath(second) ?? []);
}

describe('paths of routes', () => {
  it('are literals and names, segment by segment', () => {
    expect(parsePath('/orion/{action}')).to.deep.equal([
      { kind: 'literal', text: 'orion' },
      { kind: 'parameter', text: 'action' },
    ]);
  });

  it('are refused in any other form', () => {
    const bad = [
      '',
      '/',
      'a',
      '/a/',
      '//a',
      '/a b',
      '/a/{b',
      '/a/x{b}',
      '/{}',
      '/{1a}',
      '/a?b',
      '/a%20',
      '/*',
      '/..',
      '/a/.',
      '/ä',
    ];
    for (const path of bad) expect(parsePath(path), path).to.equal(undefined);
    for (const path of ['/a', '/.well-known/x', '/...', '/a.b/~c/{d_1}'])
      expect(pathProblem(path), path).to.equal(undefined);
  });

  it('must not begin with what belongs to the API, in any spelling', () => {
    for (const segment of reservedSegments) {
      expect(pathProblem(`/${segment}/x`), segment).to.contain(`'${segment}' belongs to the API`);
      expect(isReservedSegment(segment.toUpperCase())).to.equal(true);
    }
    expect(pathProblem('/x/requests')).to.equal(undefined);
  });

  it('have each name once', () => {
    expect(pathProblem('/{a}/{b}/{a}')).to.equal('a path that has each name once; {a} stands there again');
  });

  it('are compared by which calls they match', () => {
    expect(compared('/a/b', '/a/{x}')).to.equal('first');
    expect(compared('/{x}/{y}', '/a/{x}')).to.equal('second');
    expect(compared('/a/{x}', '/a/{y}')).to.equal('same');
    expect(compared('/a/{x}', '/{x}/b')).to.equal('ambiguous');
    expect(compared('/a/{x}/c', '/{x}/b/d')).to.equal('apart');
    expect(compared('/a/b', '/a')).to.equal('apart');
    expect(compared('/a', '/A')).to.equal('apart');
  });

  it('are compared in agreement with the calls themselves', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '{x}'), { minLength: 3, maxLength: 3 });
    const matches = (segments: string[], call: string[]): boolean =>
      segments.every((segment, index) => segment === '{x}' || segment === call[index]);
    const calls = ['a', 'b', 'c'].flatMap((one) =>
      ['a', 'b', 'c'].flatMap((two) => ['a', 'b', 'c'].map((three) => [one, two, three])),
    );
    const parsed = (segments: string[]): ReturnType<typeof parsePath> => parsePath(`/${segments.join('/')}`);
    fc.assert(
      fc.property(path, path, (first, second) => {
        const both = calls.filter((call) => matches(first, call) && matches(second, call)).length;
        const one = calls.filter((call) => matches(first, call)).length;
        const other = calls.filter((call) => matches(second, call)).length;
        const relation =
          both === 0
            ? 'apart'
            : both === one && both === other
              ? 'same'
              : both === one
                ? 'first'
                : both === other
                  ? 'second'
                  : 'ambiguous';
        expect(comparePaths(parsed(first)!, parsed(second)!)).to.equal(relation);
      }),
      { numRuns: 500 },
    );
  });

  it('never make the parser throw', () => {
    fc.assert(fc.property(fc.string(), (path) => typeof (pathProblem(path) ?? '') === 'string'));
  });
});

describe('queue templates', () => {
  it('tell their names and are filled', () => {
    expect(templateNames('{service}.{action}')).to.deep.equal(['service', 'action']);
    expect(templateNames('plain')).to.deep.equal([]);
    expect(fillTemplate('{a}.{b}', { a: 'x', b: '{a}' })).to.equal('x.{a}');
    expect(fillTemplate('{toString}', {})).to.equal('');
  });

  it('are refused when their braces make no sense', () => {
    for (const template of ['{', '}', '{a', 'a}', '{{a}}', '{a b}', '{}']) {
      expect(templateNames(template), template).to.equal(undefined);
    }
  });
});
