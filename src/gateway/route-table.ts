import { ReplytoError, toProblem } from '#core/errors.js';
import type { Configuration } from '#schema/configuration.js';
import type { PathSegment } from '#schema/route-path.js';
import { isQueueAllowed } from '#schema/queue-pattern.js';
import { fillTemplate, isReservedSegment, parsePath } from '#schema/route-path.js';

/** A route as the configuration gives it, checked and complete. */
export type ConfiguredRoute = Configuration['routes'][number];

/** Finds the route of a call, and the route whose settings belong to a queue. */
export interface RouteTable {
  /**
   * The first route that matches the path, with its queue. `path` is as it came, still encoded. Paths of the API
   * belong to no route, also where a route begins with a `{name}`.
   *
   * @throws INVALID_REQUEST when a segment cannot be decoded
   */
  match(path: string): { readonly route: ConfiguredRoute; readonly queue: string } | undefined;
  /** The first route that leads to the queue: `POST /requests/{queue}` is held to its schema too. */
  forQueue(queue: string): ConfiguredRoute | undefined;
}

interface CompiledRoute {
  readonly route: ConfiguredRoute;
  readonly segments: readonly PathSegment[];
  /** The queue with `*` for each `{name}`. */
  readonly queuePattern: string;
}

export function createRouteTable(routes: readonly ConfiguredRoute[]): RouteTable {
  const compiled = routes.map((route): CompiledRoute => ({
    route,
    segments: parsePath(route.path) ?? [],
    queuePattern: route.queue.replaceAll(/\{[^{}]*\}/gu, '*'),
  }));
  return {
    match(path) {
      const parts = path.split('/').slice(1);
      for (const { route, segments } of compiled) {
        const values = matchSegments(segments, parts);
        if (values !== undefined) return { route, queue: fillTemplate(route.queue, values) };
      }
      return undefined;
    },
    forQueue: (queue) => compiled.find(({ queuePattern }) => isQueueAllowed([queuePattern], queue))?.route,
  };
}

function matchSegments(
  segments: readonly PathSegment[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  // Any name may stand in braces, `__proto__` too.
  const values = Object.create(null) as Record<string, string>;
  for (const [index, { kind, text }] of segments.entries()) {
    const part = parts[index] ?? '';
    if (part === '') return undefined;
    const given = decode(part);
    if (kind === 'parameter' && index === 0 && isReservedSegment(given)) return undefined;
    if (kind === 'parameter') values[text] = given;
    else if (given !== text) return undefined;
  }
  return values;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ReplytoError('INVALID_REQUEST', {
      problems: [toProblem('path', part, 'valid percent-encoding')],
    });
  }
}
