import { expect } from 'chai';
import fc from 'fast-check';
import { isReplytoError } from '#core/errors.js';
import type { ConfiguredRoute } from '#gateway/route-table.js';
import { createRouteTable } from '#gateway/route-table.js';
import { reservedSegments } from '#schema/route-path.js';
import { thrownBy } from '../../support/errors.js';
import { startWorkTime } from '../../support/work-time.js';

function route(path: string, queue: string): ConfiguredRoute {
  return { path, queue, forwardHeaders: [], brokerExpiry: false, replyToStyle: 'stomp' };
}

const fresh = createRouteTable([route('/{service}/{resource}/{action}', '{service}.{resource}.{action}')]);

describe('the route table', () => {
  it('fills the queue with the decoded segments', () => {
    expect(fresh.match('/orion/workflow/create')?.queue).to.equal('orion.workflow.create');
    expect(fresh.match('/a%20b/%C3%BC/%7Bservice%7D')?.queue).to.equal('a b.ü.{service}');
    const repeated = createRouteTable([route('/{a}/{b}', '{b}-{a}-{b}')]);
    expect(repeated.match('/1/2')?.queue).to.equal('2-1-2');
  });

  it('matches as many segments as there are, none of them empty', () => {
    for (const path of ['/', '', '/a', '/a/b', '/a/b/', '//b/c', '/a//c', '/a/b/c/', '/a/b/c/d']) {
      expect(fresh.match(path), path).to.equal(undefined);
    }
  });

  it('takes the first route that matches', () => {
    const first = route('/a/{x}', 'first');
    const table = createRouteTable([first, route('/{y}/b', 'second')]);
    expect(table.match('/a/b')).to.deep.equal({ route: first, queue: 'first' });
    expect(table.match('/c/b')?.queue).to.equal('second');
  });

  it('leaves the paths of the API alone, in any case and encoding', () => {
    for (const segment of reservedSegments) {
      for (const spelled of [
        segment,
        segment.toUpperCase(),
        `%${segment.charCodeAt(0).toString(16)}${segment.slice(1)}`,
      ]) {
        expect(fresh.match(`/${spelled}/b/c`), spelled).to.equal(undefined);
      }
    }
    expect(fresh.match('/a/requests/reply')?.queue).to.equal('a.requests.reply');
  });

  it('refuses a segment that cannot be decoded, with that segment', () => {
    const failure = thrownBy(() => fresh.match('/a/%zz/c'));
    expect(failure.code).to.equal('INVALID_REQUEST');
    expect(failure.problems).to.deep.equal([
      { field: 'path', value: '%zz', allowed: 'valid percent-encoding' },
    ]);
  });

  it('takes names that mean something to JavaScript', () => {
    const table = createRouteTable([route('/{__proto__}/{constructor}', '{__proto__}.{constructor}')]);
    expect(table.match('/a/b')?.queue).to.equal('a.b');
    expect(fresh.match('/__proto__/constructor/toString')?.queue).to.equal('__proto__.constructor.toString');
  });

  it('finds the route of a queue, the first that leads to it', () => {
    const exact = route('/x', 'orders.new');
    const general = route('/orders/{kind}', 'orders.{kind}');
    const table = createRouteTable([exact, general]);
    expect(table.forQueue('orders.new')).to.equal(exact);
    expect(table.forQueue('orders.old')).to.equal(general);
    expect(table.forQueue('ordersXold')).to.equal(undefined);
    expect(table.forQueue('other')).to.equal(undefined);
  });

  const literal = fc
    .stringMatching(/^[A-Za-z0-9_~-]{1,6}$/u)
    .filter((text) => !reservedSegments.includes(text.toLowerCase()));
  const segments = fc.array(fc.oneof(literal, fc.constant('{}')), { minLength: 1, maxLength: 5 });
  /** A route whose names are n0, n1, ... and whose queue uses them all. */
  const routes = segments.map((parts) => {
    let count = 0;
    const named = parts.map((part) => (part === '{}' ? `{n${count++}}` : part));
    const queue = `q.${named.map((part) => part).join('.')}`;
    return route(`/${named.join('/')}`, queue);
  });

  it('throws nothing but INVALID_REQUEST for any path', () => {
    fc.assert(
      fc.property(fc.array(routes, { maxLength: 4 }), fc.webPath(), fc.string(), (given, path, text) => {
        const table = createRouteTable(given);
        for (const asked of [path, text, `/${text}`, `/${encodeURIComponent(path)}`]) {
          try {
            table.match(asked);
          } catch (error) {
            if (!isReplytoError(error)) throw error;
            expect(error.code).to.equal('INVALID_REQUEST');
          }
        }
        table.forQueue(text);
      }),
    );
  });

  it('matches every path that is made from a route, and finds the route again by its queue', () => {
    const value = fc
      .string({ minLength: 1 })
      .filter((text) => text.isWellFormed() && !reservedSegments.includes(text.toLowerCase()));
    fc.assert(
      fc.property(routes, fc.array(value, { minLength: 5, maxLength: 5 }), (given, values) => {
        const fill = (template: string, encode: (text: string) => string): string =>
          template.replaceAll(/\{n(\d)\}/gu, (_, index) => encode(values[Number(index)]!));
        const table = createRouteTable([given]);
        const matched = table.match(fill(given.path, encodeURIComponent));
        expect(matched?.queue).to.equal(fill(given.queue, String));
        expect(table.forQueue(matched!.queue)).to.equal(given);
      }),
    );
  });

  it('looks for the route of a long name at once', () => {
    const workedMs = startWorkTime();
    for (const name of ['.'.repeat(30_000), `${'a.'.repeat(15_000)}\n`, 'a'.repeat(30_000)])
      fresh.forQueue(name);
    expect(workedMs()).to.be.lessThan(500);
  });
});
