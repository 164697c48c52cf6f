import type { OwnDestinations } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { messageIdProblem } from '#core/message.js';
import type { MessageProperties } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import { refuseProblems } from '#core/refuse-problems.js';
import type { NewRequest } from '#core/request.js';
import { headerValueProblem, toContents } from '#messaging/contents.js';
import { contentDigest, fingerprint } from '#messaging/digest.js';
import { valueInWords } from '#schema/problems.js';
import { projectNameProblem } from '#schema/project-name.js';
import {
  durationRange,
  freeQueue,
  nameProblems,
  numberProblem,
  textProblem,
  toOptions,
} from './option-checks.js';
import { newId } from '../new-id.js';

export interface RequestOptions {
  /** Milliseconds until the request expires, 1 to 3650 days; default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Aborting cancels the request and rejects with WAIT_ABORTED at once; its services are told as soon as the broker
   * takes the notice. Aborted before the call: nothing is stored or sent.
   */
  readonly signal?: AbortSignal;
  /** Makes it idempotent: the same id again joins the first request. Default a UUID v7. */
  readonly messageId?: string;
  /** Carried on to services and to the reply; what may stand in a header. */
  readonly conversationId?: string;
  readonly project?: string;
  /** 0-9, default 4. */
  readonly priority?: number;
}

const defaultTimeoutMs = 30_000;

/** A request of the library always expires. */
export type ExpiringRequest = NewRequest & { readonly timeoutMs: number };

/** @throws INVALID_ARGUMENT, TypeError when the contents cannot be written as JSON */
export function toNewRequest(
  queueName: string,
  value: unknown,
  given: RequestOptions,
  { clock, own }: { readonly clock: Clock; readonly own: OwnDestinations },
): ExpiringRequest {
  const options: RequestOptions = toOptions(given);
  refuseProblems([
    textProblem('queue', queueName, freeQueue(own)),
    ...nameProblems(options, [...sharedNames, 'timeoutMs']),
    ...sharedProblems(options, [numberProblem('timeoutMs', options.timeoutMs, durationRange)]),
  ]);
  return toRequest(queueName, value, options, clock);
}

/** Of options that were checked. @throws TypeError when the contents cannot be written as JSON */
export function toRequest(
  queueName: string,
  value: unknown,
  options: RequestOptions,
  clock: Clock,
): ExpiringRequest {
  const { body, contentType, headers } = toContents(value);
  return {
    id: options.messageId ?? newId(),
    queue: queueName,
    replyTo: null,
    oneWay: false,
    time: clock.now(),
    contentType,
    body,
    properties: toProperties(options, body),
    applicationHeaders: headers,
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    fingerprint: fingerprint([queueName, body]),
    brokerExpiry: false,
    postedBy: null,
  };
}

/** Options of requests to one queue and to several. */
export type SharedOptions = Omit<RequestOptions, 'timeoutMs'>;

export const sharedNames = Object.keys({
  signal: true,
  messageId: true,
  conversationId: true,
  project: true,
  priority: true,
} satisfies Record<keyof SharedOptions, true>);

/**
 * What is refused here would be refused by the broker much later, when the request is on its way.
 *
 * @param durations what is wrong with those of this kind of request
 */
export function sharedProblems(
  options: SharedOptions,
  durations: readonly (Problem | undefined)[],
): (Problem | undefined)[] {
  const { messageId, signal, conversationId, project, priority } = options;
  return [
    messageId === undefined ? undefined : textProblem('messageId', messageId, messageIdProblem),
    ...durations,
    signal === undefined || isAbortSignal(signal)
      ? undefined
      : toProblem('signal', valueInWords(signal), 'an AbortSignal'),
    conversationId === undefined
      ? undefined
      : headerValueProblem('conversationId', 'Conversation-ID', conversationId),
    project === undefined
      ? undefined
      : (headerValueProblem('project', 'Project', project) ?? projectNameProblem('project', project)),
    numberProblem('priority', priority, { min: 0, max: 9 }),
  ];
}

/** Also one of another realm or of a polyfill. */
function isAbortSignal(given: unknown): given is AbortSignal {
  return typeof given === 'object' && given !== null && 'aborted' in given && 'addEventListener' in given;
}

function toProperties(
  { conversationId, project, priority }: SharedOptions,
  body: Uint8Array,
): MessageProperties {
  return {
    contentDigest: contentDigest(body),
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(project === undefined ? {} : { project }),
    ...(priority === undefined ? {} : { priority }),
  };
}
