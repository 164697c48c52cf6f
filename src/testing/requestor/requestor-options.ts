import { queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { messageIdProblem } from '#core/message.js';
import { refuseProblems } from '#core/refuse-problems.js';
import {
  durationRange,
  hasMethods,
  isObject,
  nameProblems,
  numberProblem,
  textProblem,
  toOptions,
} from '#app/library/option-checks.js';
import { valueInWords } from '#schema/problems.js';
import type { TestBroker } from '../test-broker.js';

export interface TestRequestorOptions {
  /** A test broker, or the address of any broker or network. */
  readonly broker: TestBroker | string;
  /** A queue that nobody else reads; default one of its own. */
  readonly replyQueue?: string;
  /** Of the services' dead letters and invalid messages, as in `connectBroker`; default `replyto`. */
  readonly prefix?: string;
  /**
   * Queues in which requests may end that nobody could handle; nobody else may read them meanwhile, such as a gateway.
   * Default `{prefix}.dead-letters` and `{prefix}.invalid`. Those of the embedded broker, `DLQ.{queue}`, come on top.
   */
  readonly deadLetterQueues?: readonly string[];
}

export interface AskOptions {
  /** The same id again adds to what came of the first request. Default a UUID v7. */
  readonly messageId?: string;
  /** Headers as written on the wire, instead or besides of those that a request has; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** How often the very same message is sent, 1 to 1,000; default 1. */
  readonly copies?: number;
  /** Milliseconds until it expires, by the machine's clock; default never. */
  readonly timeoutMs?: number;
}

const requestorNames = Object.keys({
  broker: true,
  replyQueue: true,
  prefix: true,
  deadLetterQueues: true,
} satisfies Record<keyof TestRequestorOptions, true>);

/** What `connectBroker` will check is left to it. @throws INVALID_ARGUMENT */
export function refuseBadRequestorOptions(options: TestRequestorOptions): void {
  const { broker, replyQueue, deadLetterQueues } = toOptions(options);
  const isBroker =
    typeof broker === 'string' ||
    (hasMethods(broker, ['drained']) && isObject(broker) && typeof broker['url'] === 'string');
  refuseProblems([
    ...nameProblems(options, requestorNames),
    isBroker
      ? undefined
      : toProblem('broker', undefined, 'what `startTestBroker()` gives, or the address of a broker'),
    replyQueue === undefined ? undefined : textProblem('replyQueue', replyQueue, queueNameProblem),
    ...queueProblems(deadLetterQueues),
  ]);
}

function queueProblems(queues: unknown): (Problem | undefined)[] {
  if (queues === undefined) return [];
  if (!Array.isArray(queues)) {
    return [toProblem('deadLetterQueues', valueInWords(queues), 'a list of names of queues')];
  }
  return queues.map((name: unknown, index) =>
    textProblem(`deadLetterQueues[${index}]`, name, queueNameProblem),
  );
}

const askNames = Object.keys({
  messageId: true,
  headers: true,
  copies: true,
  timeoutMs: true,
} satisfies Record<keyof AskOptions, true>);

/** @throws INVALID_ARGUMENT */
export function refuseBadAsking(queue: string, options: AskOptions): void {
  const { messageId, headers = {}, copies, timeoutMs } = toOptions(options);
  const areHeaders =
    isObject(headers) &&
    Object.values(headers).every((value) => value === undefined || typeof value === 'string');
  refuseProblems([
    textProblem('queue', queue, queueNameProblem),
    ...nameProblems(options, askNames),
    messageId === undefined ? undefined : textProblem('messageId', messageId, messageIdProblem),
    areHeaders ? undefined : toProblem('headers', valueInWords(headers), 'an object of texts'),
    numberProblem('copies', copies, { min: 1, max: 1_000 }),
    numberProblem('timeoutMs', timeoutMs, durationRange),
  ]);
}
