/**
 * What is wrong with routes although each one has its form: a queue that no call can reach, names that
 * the path does not give, two paths for the same call. Reads unchecked values and passes over what is
 * no route at all, so that these problems are told together with those of the schema.
 */
import { ownDestinations, queueNameProblem } from '#core/destination.js';
import type { Finding } from './problems.js';
import { isQueueAllowed } from './queue-pattern.js';
import type { PathSegment } from './route-path.js';
import { comparePaths, fillTemplate, parsePath, templateAllowed, templateNames } from './route-path.js';

export interface RouteRules {
  readonly prefix: string;
  /** Patterns of `allow.queues`. */
  readonly allowedQueues: readonly string[];
}

interface Candidate {
  readonly index: number;
  readonly path: string;
  readonly segments: readonly PathSegment[];
}

function textAt(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const member = (value as Record<string, unknown>)[name];
  return typeof member === 'string' ? member : undefined;
}

/** Says what the queue of a route may be instead, or nothing. */
function queueProblem(
  template: string,
  segments: readonly PathSegment[],
  rules: RouteRules,
): string | undefined {
  const names = templateNames(template);
  if (names === undefined) return templateAllowed;
  const given = segments.filter(({ kind }) => kind === 'parameter').map(({ text }) => text);
  const missing = names.find((name) => !given.includes(name));
  if (missing !== undefined) {
    const known = given.length === 0 ? 'has none' : `has ${given.map((name) => `{${name}}`).join(', ')}`;
    return `a template of names that the path has; {${missing}} is not there, the path ${known}`;
  }
  // Any harmless text shows whether the fixed part alone already rules the queue out.
  const sample = fillTemplate(template, Object.fromEntries(names.map((name) => [name, 'x'])));
  const problem = queueNameProblem('queue', sample);
  if (problem !== undefined) return `a queue name: ${problem.allowed}`;
  if (ownDestinations(rules.prefix).isReserved(sample)) {
    return `a queue that belongs neither to the product (${rules.prefix}.*) nor to the broker`;
  }
  if (names.length === 0 && !isQueueAllowed(rules.allowedQueues, sample)) {
    return `a queue that allow.queues permits: ${rules.allowedQueues.join(', ') || 'none'}`;
  }
  return undefined;
}

function overlap(candidate: Candidate, earlier: readonly Candidate[]): string | undefined {
  for (const other of earlier) {
    const relation = comparePaths(other.segments, candidate.segments);
    if (relation === 'same')
      return `a path that matches other calls than routes[${other.index}] (${other.path})`;
    if (relation === 'ambiguous') {
      return `a path that is clearly more or less specific than routes[${other.index}] (${other.path}); some calls match both`;
    }
  }
  return undefined;
}

/** All conflicts, each with its path inside of the configuration. */
export function routeConflicts(routes: readonly unknown[], rules: RouteRules): Finding[] {
  const findings: Finding[] = [];
  const earlier: Candidate[] = [];
  for (const [index, route] of routes.entries()) {
    const path = textAt(route, 'path');
    const segments = path === undefined ? undefined : parsePath(path);
    if (path === undefined || segments === undefined) continue;
    const candidate = { index, path, segments };
    const twice = overlap(candidate, earlier);
    if (twice !== undefined) findings.push({ path: ['routes', index, 'path'], value: path, allowed: twice });
    earlier.push(candidate);

    const queue = textAt(route, 'queue');
    const problem = queue === undefined || queue === '' ? undefined : queueProblem(queue, segments, rules);
    if (problem !== undefined)
      findings.push({ path: ['routes', index, 'queue'], value: queue, allowed: problem });
  }
  return findings;
}

/** The order in which routes are to be tried: of two that match the same call the more specific goes first. */
export function mostSpecificFirst<R extends { readonly path: string }>(routes: readonly R[]): R[] {
  const parameters = (route: R): number =>
    (parsePath(route.path) ?? []).filter(({ kind }) => kind === 'parameter').length;
  // Without ambiguous pairs, of two that overlap the one with fewer parameters is the more specific.
  return routes.toSorted((one, other) => parameters(one) - parameters(other));
}
