/** `replyto request`: asks a service through a gateway and brings its reply, or says how to come back for it. */
import { setTimeout as pause } from 'node:timers/promises';
import { isForwardableHeader } from '#core/application-header.js';
import { queueNameProblem } from '#core/destination.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import { messageIdProblem } from '#core/message.js';
import type { CommandContext } from '../command-context.js';
import { readGivenBody, readGivenHeaders } from '../given-body.js';
import { onStopSignal } from '../stop-signals.js';
import type { AnswerForm } from './answer-text.js';
import { comeBackText, printAnswer, statusText } from './answer-text.js';
import type { GatewayClient } from './gateway-client.js';
import { createGatewayClient, errorOf } from './gateway-client.js';
import type { HttpAnswer } from './http-call.js';
import { isSurelyUnsent } from './http-call.js';
import { newId } from '../new-id.js';

export interface AskOptions {
  /** At least one; of several the replies are gathered. */
  readonly queues: readonly string[];
  /** Replies of several queues that are enough. */
  readonly expect?: number | undefined;
  /** Milliseconds after the last of them. */
  readonly stall?: number | undefined;
  /** Milliseconds after which no other is gathered. */
  readonly total?: number | undefined;
  /** See `readGivenBody`. */
  readonly data?: string | undefined;
  readonly contentType?: string | undefined;
  /** Whole seconds; absent: as long as the gateway allows, or not at all with `replyTo`. */
  readonly wait?: number | undefined;
  /** Do not wait: the status document is the result. */
  readonly async?: boolean | undefined;
  readonly replyTo?: string | undefined;
  /** Absent: a new UUID v7, so that one can come back even when the connection breaks. */
  readonly messageId?: string | undefined;
  readonly correlId?: string | undefined;
  readonly project?: string | undefined;
  /** Seconds until the request expires. */
  readonly timeout?: number | undefined;
  readonly priority?: number | undefined;
  /** `Name: value` each. */
  readonly header?: readonly string[] | undefined;
  readonly output: AnswerForm;
  /** Address of the gateway, before REPLYTO_URL. */
  readonly url?: string | undefined;
}

/** The longest wait that any gateway can be configured to allow, in seconds. */
const longestWait = 3_600;

const headerRule = {
  allowed: 'a header that may travel',
  isAllowed: (name: string) => name !== 'authorization',
};

/**
 * Resolves with the exit code 0 when the result was printed.
 *
 * @throws the error of the answer; NO_REPLY_YET when the wait was over, WAIT_ABORTED after a signal,
 *   GATEWAY_UNAVAILABLE, INVALID_ARGUMENT
 */
export async function ask(context: CommandContext, options: AskOptions): Promise<number> {
  const client = createGatewayClient(context.environment, options.url);
  const id = options.messageId ?? newId();
  check(options, id);
  const headers = readGivenHeaders(options.header ?? [], headerRule);
  await warnOfHeaders(context, headers);
  const { body, contentType } = await readGivenBody(context, options);
  const type = contentType === null ? {} : { 'content-type': contentType };
  const isWaiting = options.async !== true && (options.wait !== undefined || options.replyTo === undefined);
  const wait = isWaiting ? (options.wait ?? longestWait) : 0;

  const stopped = new AbortController();
  const stopListening = onStopSignal(context.environment, () => stopped.abort());
  let answer: HttpAnswer;
  try {
    answer = await client.call({
      method: 'POST',
      path: askingPath(options),
      headers: {
        ...headers,
        ...type,
        ...askingHeaders(options, id),
        ...preference(options, isWaiting, wait),
      },
      body,
      waitMs: wait * 1_000,
      signal: stopped.signal,
    });
    if (options.wait !== undefined) {
      answer = await waitOn(
        { client, id, untilAt: performance.now() + wait * 1_000, signal: stopped.signal },
        answer,
      );
    }
  } catch (error) {
    await sayHowToGoOn(context, options, { error, id });
    throw error;
  } finally {
    stopListening();
  }
  return conclude(context, options, { answer, isWaiting });
}

/** Only the gateway knows what its routes forward. */
async function warnOfHeaders(
  { stderr }: CommandContext,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const doubtful = Object.keys(headers).filter((name) => !name.startsWith('x-') && isForwardableHeader(name));
  for (const name of doubtful) {
    await stderr.write(
      `warning: -H '${name}' travels only where the route of the queue names it in forwardHeaders; headers that begin with X- always do\n`,
    );
  }
}

/** Several queues make another resource. */
function askingPath(options: AskOptions): string {
  const { queues } = options;
  if (queues.length === 1) return `/requests/${encodeURIComponent(queues.join())}`;
  const query = new URLSearchParams(queues.map((queue): [string, string] => ['queue', queue]));
  const { expect, stall, total } = options;
  for (const [name, value] of Object.entries({ expect, stallMs: stall, totalMs: total })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return `/requests?${query.toString()}`;
}

function check(options: AskOptions, id: string): void {
  const { queues, replyTo, correlId, project, contentType, expect, stall, total } = options;
  const texts = { '--correl-id': correlId, '--project': project, '--content-type': contentType };
  const rules = queues.length > 1 ? {} : { '--expect': expect, '--stall': stall, '--total': total };
  const problems = [
    ...queues.map((queue) => queueNameProblem('queue', queue)),
    ...Object.entries(rules).map(([option, value]) =>
      value === undefined ? undefined : toProblem(option, value, 'with more than one queue'),
    ),
    messageIdProblem('--message-id', id),
    replyTo === undefined ? undefined : queueNameProblem('--reply-to', replyTo),
    ...Object.entries(texts).map(([option, text]) => optionProblem(option, text)),
  ].filter((problem): problem is Problem => problem !== undefined);
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
}

/** What no header can carry. The rest is for the gateway to judge. */
function optionProblem(field: string, text: string | undefined): Problem | undefined {
  const problem = text === undefined ? undefined : headerProblem('x', text);
  return problem === undefined ? undefined : { ...problem, field };
}

function askingHeaders(options: AskOptions, id: string): Record<string, string> {
  const { replyTo, correlId, project, timeout, priority } = options;
  const given = {
    'message-id': id,
    time: String(Date.now()),
    'reply-to': replyTo,
    'correl-id': correlId,
    project,
    'request-timeout': timeout?.toString(),
    'message-priority': priority?.toString(),
  };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function preference(options: AskOptions, isWaiting: boolean, wait: number): Record<string, string> {
  if (isWaiting) return { prefer: `wait=${wait}` };
  return options.async === true ? { prefer: 'respond-async' } : {};
}

function expectsReply({ replyTo }: AskOptions): boolean {
  return replyTo?.toLowerCase() !== 'none';
}

interface Waiting {
  readonly client: GatewayClient;
  readonly id: string;
  /** Monotonic. */
  readonly untilAt: number;
  readonly signal: AbortSignal;
}

/** A gateway that lets nobody wait answers at once; asking it again at once would be an attack. */
const betweenWaitsMs = 1_000;

/** A gateway caps a single wait; the caller's own wait goes on until it is over. */
async function waitOn({ client, id, untilAt, signal }: Waiting, first: HttpAnswer): Promise<HttpAnswer> {
  let answer = first;
  for (;;) {
    if (answer.status !== 202 || untilAt - performance.now() < betweenWaitsMs) return answer;
    await pause(betweenWaitsMs, undefined, { signal }).catch(() => undefined);
    const seconds = Math.max(0, Math.ceil((untilAt - performance.now()) / 1_000));
    answer = await client.call({
      method: 'GET',
      path: `/requests/${encodeURIComponent(id)}/reply`,
      headers: { prefer: `wait=${seconds}` },
      waitMs: seconds * 1_000,
      signal,
    });
  }
}

/** The caller does not know whether the request was accepted, but need not: the same id is never sent twice. */
async function sayHowToGoOn(
  { stderr, program }: CommandContext,
  options: AskOptions,
  { error, id }: { readonly error: unknown; readonly id: string },
): Promise<void> {
  if (!isReplytoError(error)) return;
  if (error.code === 'WAIT_ABORTED') await stderr.write(comeBackText(program, id, expectsReply(options)));
  else if (error.code === 'GATEWAY_UNAVAILABLE' && !isSurelyUnsent(error.cause)) {
    await stderr.write(
      `the request may have been accepted; repeat it with --message-id ${id}: it is not sent twice\n`,
    );
  }
}

async function conclude(
  context: CommandContext,
  options: AskOptions,
  { answer, isWaiting }: { readonly answer: HttpAnswer; readonly isWaiting: boolean },
): Promise<number> {
  const { stdout, stderr, program } = context;
  const { output, messageId } = options;
  const error = errorOf(answer);
  const isOpen = answer.status === 202;
  const isResult = error === undefined && (!isOpen || !isWaiting || !expectsReply(options));
  if (isResult || output === 'json') await printAnswer(stdout, answer, output);
  if (error !== undefined) throw error;
  if (!isOpen) return 0;
  const id = answer.headers['message-id'] ?? messageId ?? '';
  if (isResult) {
    await stderr.write(comeBackText(program, id, expectsReply(options)));
    return 0;
  }
  if (output !== 'json') await stderr.write(statusText(answer));
  await stderr.write(comeBackText(program, id));
  throw new ReplytoError('NO_REPLY_YET', { requestId: id });
}
