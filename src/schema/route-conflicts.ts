/**
 * What is wrong with routes although each one has its form: a queue that no call can reach, names that
 * the path does not give, two paths for the same call, two checks of the same reply. Reads unchecked values and passes over what is
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

function filledWith(text: string, template: string, names: readonly string[]): string {
  return fillTemplate(template, Object.fromEntries(names.map((name) => [name, text])));
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
  const sample = filledWith('x', template, names);
  const problem = queueNameProblem('queue', sample);
  if (problem !== undefined) return `a queue name: ${problem.allowed}`;
  const own = ownDestinations(rules.prefix);
  if (own.isReserved(sample)) return own.unreserved;
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

/** A route whose queue and `schema.reply` have their forms. */
interface ReplyRule {
  readonly index: number;
  readonly path: string;
  /** As it was given; undefined: replies are held to no schema. */
  readonly file: string | undefined;
}

function replyRule({ index, path }: Candidate, route: object): ReplyRule | undefined {
  const schema = Object.hasOwn(route, 'schema') ? (route as { schema?: unknown }).schema : {};
  if (typeof schema !== 'object' || schema === null) return undefined;
  const file = textAt(schema, 'reply');
  return Object.hasOwn(schema, 'reply') && file === undefined ? undefined : { index, path, file };
}

function sameFile(one: string | undefined, other: string | undefined): boolean {
  const plain = (file: string | undefined): string | undefined => file?.replace(/^(?:\.\/+)+/u, '');
  return plain(one) === plain(other);
}

/** A reply is matched by its request, and of that only the queue is known. */
function otherReplySchema(rule: ReplyRule, first: ReplyRule): string | undefined {
  if (sameFile(rule.file, first.file)) return undefined;
  const firstHas =
    first.file === undefined ? 'which has no schema.reply' : `whose schema.reply is ${first.file}`;
  return (
    `a queue other than that of routes[${first.index}] (${first.path}), ${firstHas}, while this route (${rule.path}) ` +
    `has ${rule.file ?? 'none'}; a reply does not say which path its request came by: give both the same ` +
    'schema.reply, or each a queue of its own'
  );
}

/** All conflicts, each with its path inside of the configuration. */
export function routeConflicts(routes: readonly unknown[], rules: RouteRules): Finding[] {
  const findings: Finding[] = [];
  const earlier: Candidate[] = [];
  /** The first route to each queue, which has `*` for each `{name}` here. */
  const firstTo = new Map<string, ReplyRule>();
  for (const [index, route] of routes.entries()) {
    const path = textAt(route, 'path');
    const segments = path === undefined ? undefined : parsePath(path);
    if (path === undefined || segments === undefined) continue;
    const candidate = { index, path, segments };
    const twice = overlap(candidate, earlier);
    if (twice !== undefined) findings.push({ path: ['routes', index, 'path'], value: path, allowed: twice });
    earlier.push(candidate);

    const queue = textAt(route, 'queue');
    if (queue === undefined || queue === '') continue;
    const rule = replyRule(candidate, route as object);
    const pattern = filledWith('*', queue, templateNames(queue) ?? []);
    const first = firstTo.get(pattern);
    if (first === undefined && rule !== undefined) firstTo.set(pattern, rule);
    const problem =
      queueProblem(queue, segments, rules) ??
      (rule === undefined || first === undefined ? undefined : otherReplySchema(rule, first));
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
