import { expect } from 'chai';
import { mostSpecificFirst, routeConflicts } from '#schema/route-conflicts.js';

const rules = { prefix: 'replyto', allowedQueues: ['*'] };

function conflicts(routes: readonly unknown[], given = rules): string[] {
  return routeConflicts(routes, given).map(({ path, allowed }) => `${path.join('.')}: ${allowed}`);
}

describe('conflicts of routes', () => {
  it('are none in the example of the design', () => {
    const routes = [
      { path: '/orion/workflow/create', queue: 'orion.workflow.create' },
      { path: '/{service}/{resource}/{action}', queue: '{service}.{resource}.{action}' },
    ];
    expect(conflicts(routes)).to.deep.equal([]);
  });

  it('name a template that uses what the path does not have', () => {
    expect(conflicts([{ path: '/a/{b}', queue: 'q.{c}' }])[0]).to.contain(
      '{c} is not there, the path has {b}',
    );
    expect(conflicts([{ path: '/a', queue: 'q.{c}' }])[0]).to.contain('the path has none');
    expect(conflicts([{ path: '/a', queue: 'q.{c' }])[0]).to.match(/^routes\.0\.queue/u);
  });

  it('name a queue that no broker or no caller may have', () => {
    expect(conflicts([{ path: '/a/{b}', queue: 'q/{b}' }])[0]).to.contain('a queue name');
    expect(conflicts([{ path: '/a/{b}', queue: 'replyto.{b}' }])[0]).to.contain('(replyto.*)');
    expect(conflicts([{ path: '/a/{b}', queue: 'ActiveMQ.{b}' }])[0]).to.contain('broker');
    const narrow = { prefix: 'replyto', allowedQueues: ['orders.*'] };
    expect(conflicts([{ path: '/a', queue: 'stock' }], narrow)[0]).to.contain('orders.*');
    expect(conflicts([{ path: '/a', queue: 'orders.new' }], narrow)).to.deep.equal([]);
  });

  it('name paths that match the same calls, and each pair once', () => {
    const routes = [
      { path: '/a/{x}', queue: 'one' },
      { path: '/a/{y}', queue: 'two' },
      { path: '/{x}/b', queue: 'three' },
    ];
    expect(conflicts(routes)).to.deep.equal([
      'routes.1.path: a path that matches other calls than routes[0] (/a/{x})',
      'routes.2.path: a path that is clearly more or less specific than routes[0] (/a/{x}); some calls match both',
    ]);
  });

  it('name routes to one queue that would hold its replies to different schemas, and what to do', () => {
    const strict = { path: '/strict', queue: 'q.one', schema: { reply: './strict.json' } };
    const loose = { path: '/loose', queue: 'q.one', schema: { request: './loose.json' } };
    const remedy =
      'a reply does not say which path its request came by: give both the same schema.reply, or each a queue of its own';
    expect(conflicts([strict, loose])).to.deep.equal([
      `routes.1.queue: a queue other than that of routes[0] (/strict), whose schema.reply is ./strict.json, while this route (/loose) has none; ${remedy}`,
    ]);
    expect(conflicts([loose, { ...strict, path: '/other' }, strict])).to.deep.equal([
      `routes.1.queue: a queue other than that of routes[0] (/loose), which has no schema.reply, while this route (/other) has ./strict.json; ${remedy}`,
      `routes.2.queue: a queue other than that of routes[0] (/loose), which has no schema.reply, while this route (/strict) has ./strict.json; ${remedy}`,
    ]);
    const other = { ...strict, path: '/other', schema: { reply: 'other.json' } };
    expect(conflicts([strict, other])).to.have.lengthOf(1);
  });

  it('compare the queues of templates by what they match', () => {
    const one = { path: '/a/{b}', queue: 'q.{b}', schema: { reply: 'one.json' } };
    expect(conflicts([one, { path: '/c/{d}', queue: 'q.{d}' }])).to.have.lengthOf(1);
    // The more specific route decides about its queue.
    expect(conflicts([one, { path: '/c', queue: 'q.c' }])).to.deep.equal([]);
  });

  it('leave alone routes to one queue whose replies are held to one schema, or to none', () => {
    const one = { path: '/a', queue: 'q', schema: { reply: './one.json' } };
    expect(conflicts([one, { ...one, path: '/b', schema: { reply: 'one.json' } }])).to.deep.equal([]);
    expect(
      conflicts([
        { path: '/a', queue: 'q' },
        { path: '/b', queue: 'q', schema: {} },
      ]),
    ).to.deep.equal([]);
    const apart = { path: '/b', queue: 'r', schema: { reply: 'two.json' } };
    expect(conflicts([one, apart])).to.deep.equal([]);
    expect(
      conflicts([
        one,
        { path: '/b', queue: 'q', schema: 7 },
        { path: '/c', queue: 'q', schema: { reply: 7 } },
      ]),
    ).to.deep.equal([]);
  });

  it('pass over what is no route', () => {
    expect(
      conflicts([null, 7, 'x', [], {}, { path: 7 }, { path: '/a' }, { path: 'no', queue: '{' }]),
    ).to.deep.equal([]);
  });
});

describe('mostSpecificFirst', () => {
  it('puts of two routes for one call the more specific one first and keeps the order of others', () => {
    const paths = ['/{a}/{b}', '/x/{b}', '/y/{b}', '/x/y', '/z'].map((path) => ({ path }));
    expect(mostSpecificFirst(paths).map(({ path }) => path)).to.deep.equal([
      '/x/y',
      '/z',
      '/x/{b}',
      '/y/{b}',
      '/{a}/{b}',
    ]);
  });
});
