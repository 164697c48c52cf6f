/** What metrics call a route: as the configuration has it, so that no caller can make another label. */
import type { ConfiguredRoute, RouteTable } from './route-table.js';

/** The label of every queue that no configured route leads to, and of routes beyond the limit. */
export const otherRoute = 'other';

/** Each label is a dozen series or more for each stage; routes beyond so many share one. */
export const mostRouteLabels = 100;

/** Strangers name any queue: what was found out about one is forgotten when there are so many. */
const mostRemembered = 1_000;
/** No queue has a longer name; callers may ask for any. */
const longestName = 255;

export interface RouteLabels {
  /** The path of the route that leads to the queue, or {@link otherRoute}; null: of no request that is known. */
  readonly labelOf: (queue: string | null) => string;
  /** The queue as that route has it, with its `{name}`s; undefined for all that share a label. */
  readonly templateOf: (queue: string) => string | undefined;
}

export function createRouteLabels(routes: readonly ConfiguredRoute[], table: RouteTable): RouteLabels {
  const labelled = new Set(routes.slice(0, mostRouteLabels));
  const remembered = new Map<string, ConfiguredRoute | undefined>();

  function routeOf(queue: string): ConfiguredRoute | undefined {
    // Several queues at once have a comma between them.
    if (queue.length > longestName || queue.includes(',')) return undefined;
    if (remembered.has(queue)) return remembered.get(queue);
    if (remembered.size >= mostRemembered) remembered.clear();
    const found = table.forQueue(queue);
    const route = found !== undefined && labelled.has(found) ? found : undefined;
    remembered.set(queue, route);
    return route;
  }

  return {
    labelOf: (queue) => (queue === null ? otherRoute : (routeOf(queue)?.path ?? otherRoute)),
    templateOf: (queue) => routeOf(queue)?.queue,
  };
}
