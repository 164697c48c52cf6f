/** Requests of the library to several queues, and what comes of them. */
import type { OwnDestinations } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Clock } from '#core/ports/clock.js';
import { refuseProblems } from '#core/refuse-problems.js';
import type { RequestState } from '#core/request.js';
import { traceContextOf, withTrace } from '#core/trace-context.js';
import { fingerprint } from '#messaging/digest.js';
import type { Scattered } from '#messaging/scatter-gather.js';
import { fewestQueues, mostQueues, queuesInWords } from '#messaging/scatter-gather.js';
import type { GatheredReplies as GatheredDocument } from '#schema/gathered-replies.js';
import { valueInWords } from '#schema/problems.js';
import { newId } from '../new-id.js';
import type { ExpiringRequest, SharedOptions } from './new-request.js';
import { sharedNames, sharedProblems, toRequest } from './new-request.js';
import {
  durationRange,
  freeQueue,
  nameProblems,
  numberProblem,
  textProblem,
  toOptions,
} from './option-checks.js';
import type { Reply } from './reply.js';

export interface RequestAllOptions extends SharedOptions {
  /** Replies that are enough, 1 up to the number of queues; default one of each. */
  readonly expect?: number;
  /** Milliseconds after the last reply, 1 to 3650 days; default: no matter how long none comes. */
  readonly stallMs?: number;
  /** Milliseconds after which it ends in any case, and its requests expire, 1 to 3650 days; default 30,000. */
  readonly totalMs?: number;
}

/** A reply, or the Fault that a service answered with. */
export interface GatheredReply extends Reply {
  readonly queue: string;
  /** Of the request that it is the reply to; the same as `correlationId`. */
  readonly id: string;
  readonly fault: FaultBody | null;
}

export interface GatheredReplies {
  /** Whether as many replies came as were expected. */
  readonly complete: boolean;
  /** In the order in which the queues were named. */
  readonly replies: readonly GatheredReply[];
  /** Queues without a reply, and how their requests stood. */
  readonly missing: readonly {
    readonly queue: string;
    readonly id: string;
    readonly status: RequestState;
  }[];
}

const defaultTotalMs = 30_000;

type NewGathering = Scattered & { readonly parent: ExpiringRequest };

/** @throws INVALID_ARGUMENT, TypeError when the contents cannot be written as JSON */
export function toNewGathering(
  queueNames: readonly string[],
  value: unknown,
  given: RequestAllOptions,
  { clock, own }: { readonly clock: Clock; readonly own: OwnDestinations },
): NewGathering {
  const options: RequestAllOptions = toOptions(given);
  const { expect, stallMs = null, totalMs = defaultTotalMs, messageId = newId() } = options;
  refuseProblems([
    ...queueProblems(queueNames, own),
    ...nameProblems(options, [...sharedNames, 'expect', 'stallMs', 'totalMs']),
    ...sharedProblems(options, [
      numberProblem('expect', expect, {
        min: 1,
        max: Array.isArray(queueNames) ? queueNames.length : mostQueues,
      }),
      numberProblem('stallMs', options.stallMs, durationRange),
      numberProblem('totalMs', options.totalMs, durationRange),
    ]),
  ]);
  const shared = { ...options, timeoutMs: totalMs };
  const parent = toRequest(queuesInWords(queueNames), value, { ...shared, messageId }, clock);
  const enough = expect ?? queueNames.length;
  return {
    parent: {
      ...parent,
      fingerprint: fingerprint(['several', ...queueNames, String([enough, stallMs, totalMs]), parent.body]),
    },
    children: queueNames.map((name) => toRequest(name, value, { ...shared, messageId: newId() }, clock)),
    expect: enough,
    stallMs,
  };
}

function queueProblems(queueNames: readonly unknown[], own: OwnDestinations): (Problem | undefined)[] {
  const allowed = `a list of ${fewestQueues} to ${mostQueues} queues, each once`;
  // A program without types may give anything.
  if (!Array.isArray(queueNames)) return [toProblem('queueNames', valueInWords(queueNames), allowed)];
  const { length } = queueNames;
  const isRepeated = new Set(queueNames).size < length;
  return [
    length < fewestQueues || length > mostQueues
      ? toProblem('queueNames', `${length} queues`, allowed)
      : undefined,
    isRepeated ? toProblem('queueNames', 'the same queue twice', allowed) : undefined,
    ...queueNames.map((name: unknown, index) => textProblem(`queueNames[${index}]`, name, freeQueue(own))),
  ];
}

/** With its children in the trace of the parent. */
export function inTrace(gathering: Scattered, parent: Scattered['parent']): Scattered {
  const trace = traceContextOf(parent.properties);
  const children = gathering.children.map((child) => ({
    ...child,
    properties: withTrace(child.properties, trace),
  }));
  return { ...gathering, parent, children };
}

/** The replies as they came, however large: the aggregate only says which there are. */
export async function toGathered(
  aggregate: Reply,
  keptReply: (id: string) => Promise<Reply & Pick<GatheredReply, 'fault'>>,
): Promise<GatheredReplies> {
  const { complete, replies, missing } = aggregate.json() as GatheredDocument;
  return {
    complete,
    replies: await Promise.all(
      replies.map(async ({ queue, id }) => ({ ...(await keptReply(id)), queue, id })),
    ),
    missing,
  };
}
