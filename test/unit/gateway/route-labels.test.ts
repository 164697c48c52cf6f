import { expect } from 'chai';
import { createRouteLabels, mostRouteLabels } from '#gateway/route-labels.js';
import type { RouteLabels } from '#gateway/route-labels.js';
import { createRouteTable } from '#gateway/route-table.js';
import { configurationOf } from '../../support/gateway-context.js';

function labelsOf(routes: readonly { path: string; queue: string }[]): RouteLabels {
  const configured = configurationOf({ REPLYTO_ROUTES: JSON.stringify(routes) }).routes;
  return createRouteLabels(configured, createRouteTable(configured));
}

describe('the labels of routes', () => {
  const labels = labelsOf([
    { path: '/orders/create', queue: 'orders.create' },
    { path: '/stock/{action}', queue: 'stock.{action}' },
  ]);

  it('are the paths of the routes that lead to a queue', () => {
    expect(labels.labelOf('orders.create')).to.equal('/orders/create');
    expect(labels.labelOf('stock.reserve')).to.equal('/stock/{action}');
    expect(labels.labelOf('stock.reserve')).to.equal('/stock/{action}');
    expect([labels.templateOf('orders.create'), labels.templateOf('stock.reserve')]).to.deep.equal([
      'orders.create',
      'stock.{action}',
    ]);
  });

  it('are one for all queues that nobody configured, whatever callers invent', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 3_000; index += 1) seen.add(labels.labelOf(`invented.${index}`));
    seen.add(labels.labelOf('x'.repeat(5_000)));
    seen.add(labels.labelOf(null));
    expect([...seen]).to.deep.equal(['other']);
    expect(labels.templateOf('invented.1')).to.equal(undefined);
    expect(labels.labelOf('orders.create')).to.equal('/orders/create');
  });

  it('are those of so many routes and no more', () => {
    const routes = Array.from({ length: mostRouteLabels + 5 }, (_, index) => ({
      path: `/r/${index}`,
      queue: `r.${index}`,
    }));
    const many = labelsOf(routes);
    const seen = new Set(routes.map(({ queue }) => many.labelOf(queue)));
    expect(seen.size).to.equal(mostRouteLabels + 1);
    expect(seen.has('other')).to.equal(true);
  });
});
