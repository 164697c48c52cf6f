/** The query of `POST /requests`: which queues, and when the gathering of their replies ends. */
import type { Request } from 'express';
import { queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isProblem, toProblem } from '#core/errors.js';
import { fewestQueues, mostQueues } from '#messaging/scatter-gather.js';
import { longestTimeoutMs } from '#schema/route.js';
import { parseInteger } from '#schema/whole-number.js';
import { parseQuery } from './parameters.js';

export interface GatheringRule {
  readonly queues: readonly string[];
  /** So many replies end it. */
  readonly expect: number;
  /** It ends so long after the last reply, too; null = not by that. */
  readonly stallMs: number | null;
  /** It ends after so long; null = as its requests expire. */
  readonly totalMs: number | null;
}

/** @throws INVALID_REQUEST naming everything that is wrong */
export function readGatheringRule(request: Pick<Request, 'query'>): GatheringRule {
  const { queue = [], ...others } = request.query;
  const queues = (Array.isArray(queue) ? queue : [queue]).map(String);
  const { found, problems } = parseQuery({ query: others }, ['queue', 'expect', 'stallMs', 'totalMs']);
  const most = Math.max(1, queues.length);
  const expect = parseInteger('?expect', found.expect, { min: 1, max: most, absent: most });
  const stallMs = parseDuration('?stallMs', found.stallMs);
  const totalMs = parseDuration('?totalMs', found.totalMs);
  const all = [
    ...queueProblems(queues),
    ...problems,
    ...[expect, stallMs, totalMs].filter((read) => isProblem(read)),
  ];
  if (all.length > 0 || isProblem(expect) || isProblem(stallMs) || isProblem(totalMs)) {
    throw new ReplytoError('INVALID_REQUEST', { problems: all });
  }
  return { queues, expect, stallMs, totalMs };
}

function queueProblems(queues: readonly string[]): Problem[] {
  const repeated = [...new Set(queues.filter((name, index) => queues.indexOf(name) !== index))];
  const problems = [
    ...queues.map((name) => queueNameProblem('?queue', name)),
    ...repeated.map((name) => toProblem('?queue', name, 'each queue once')),
    queues.length >= fewestQueues && queues.length <= mostQueues
      ? undefined
      : toProblem('?queue', `${queues.length} queues`, allowedQueues),
  ];
  return problems.filter((problem) => problem !== undefined);
}

const allowedQueues = `given ${fewestQueues} to ${mostQueues} times, each with another queue; POST /requests/{queue} asks a single one`;

/** Null when it is absent. */
function parseDuration(name: string, value: string | undefined): number | null | Problem {
  if (value === undefined) return null;
  return parseInteger(name, value, { min: 1, max: longestTimeoutMs, absent: longestTimeoutMs });
}
