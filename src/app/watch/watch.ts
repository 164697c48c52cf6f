/** `replyto watch`: follows a project or a request, live on a terminal, as lines of JSON elsewhere. */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '#adapters/stomp/reconnecting.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { StatusEventKind } from '#core/status-event.js';
import type { CommandContext } from '../command-context.js';
import type { GatewayClient } from '../gateway-client/gateway-client.js';
import { createGatewayClient, refuseEmpty } from '../gateway-client/gateway-client.js';
import { comeBackText } from '../gateway-client/answer-text.js';
import { onStopSignal } from '../stop-signals.js';
import type { EventView } from './event-view.js';
import { createLineView, tellOnStderr } from './event-view.js';
import type { FollowOptions } from './followed-events.js';
import { followEvents, lostText } from './followed-events.js';
import { createLiveView } from './live-view.js';
import type { Target } from './target.js';
import { findTarget, listSubjects, projectPath, requestPath, throwUnlessWell } from './target.js';

export interface WatchOptions {
  /** Number of the event behind which it begins; absent: of a request all events, of a project those from now on. */
  readonly after?: number | undefined;
  /** Only these; absent or empty: all. */
  readonly kind?: readonly StatusEventKind[] | undefined;
  /** Of a project: only what is about this one. */
  readonly subject?: string | undefined;
  /** The name has to be that of a project, or of a request. */
  readonly project?: boolean | undefined;
  readonly request?: boolean | undefined;
  /** Lines of JSON on a terminal too. */
  readonly json?: boolean | undefined;
  /** False: none, whatever the terminal can do. */
  readonly color: boolean;
  /** Address of the gateway, before REPLYTO_URL. */
  readonly url?: string | undefined;
}

/**
 * Resolves with the exit code 0 when a request ended well, when a signal ends the watch of a project, or when nobody reads
 * any more.
 *
 * @throws how a request ended otherwise, WAIT_ABORTED when a signal came first; REQUEST_NOT_FOUND, NOT_PERMITTED,
 *   INVALID_REQUEST, GATEWAY_UNAVAILABLE, INVALID_ARGUMENT
 */
export async function watch(context: CommandContext, name: string, options: WatchOptions): Promise<number> {
  const { environment, stderr, program } = context;
  refuseEmpty('name', name);
  const client = createGatewayClient(environment, options.url);
  const stopped = new AbortController();
  const { signal } = stopped;
  const stopListening = onStopSignal(environment, () => stopped.abort());
  let target: Target | undefined;
  try {
    target = await findTarget(name, { client, what: whatOf(options), signal });
    if (target.what === 'request') refuseSubject(options);
    else if (target.last === 0 && options.project !== true && options.after === undefined)
      await tellOnStderr(context, nothingYet(name));
    const isRead = await follow(context, options, { target, client, signal });
    if (target.what === 'project' || !isRead) return 0;
    if (signal.aborted) throw new ReplytoError('WAIT_ABORTED');
    await waitForOutcome(target.id, { client, signal, tell: (sentence) => tellOnStderr(context, sentence) });
    return 0;
  } catch (error) {
    if (target?.what === 'request' && isReplytoError(error) && error.code === 'WAIT_ABORTED') {
      await stderr.write(comeBackText(program, name));
    }
    throw error;
  } finally {
    stopListening();
  }
}

/** Who meant a request would wait for ever. */
function nothingYet(name: string): string {
  return `no request has the id '${name}', and no project of this name has events yet; waiting for its first`;
}

/** As {@link throwUnlessWell}; a gateway that goes away just then is waited for, as long as the signal lets it. */
async function waitForOutcome(
  id: string,
  { tell, ...how }: Pick<FollowOptions, 'signal' | 'tell'> & { readonly client: GatewayClient },
): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await throwUnlessWell(id, how);
      return;
    } catch (error) {
      if (how.signal.aborted || !isReplytoError(error) || !isAway(error)) throw error;
      if (failures === 1) await tell(lostText(error.message));
      const delayMs = backoffMs(failures, Math.random);
      await pause(delayMs, undefined, { signal: how.signal }).catch(() => undefined);
    }
  }
}

function isAway({ kind }: ReplytoError): boolean {
  return kind.retryable && kind.exitCode === 7;
}

function whatOf({ project, request }: WatchOptions): Target['what'] | undefined {
  if (project === true) return 'project';
  return request === true ? 'request' : undefined;
}

function refuseSubject({ subject }: WatchOptions): void {
  if (subject === undefined) return;
  const problems = [
    toProblem('--subject', subject, 'nothing for a request; with --project it is for a project'),
  ];
  throw new ReplytoError('INVALID_ARGUMENT', { problems });
}

interface Watched {
  readonly target: Target;
  readonly client: GatewayClient;
  readonly signal: AbortSignal;
}

/** False when nobody reads any more. */
async function follow(
  context: CommandContext,
  options: WatchOptions,
  { target, ...how }: Watched,
): Promise<boolean> {
  const ended = new AbortController();
  const view = createView(context, options, {
    target,
    client: how.client,
    signal: AbortSignal.any([how.signal, ended.signal]),
  });
  const { after, kind = [], subject } = options;
  const isRequest = target.what === 'request';
  try {
    const parts = followEvents({
      ...how,
      path: isRequest ? `${requestPath(target.id)}/events` : projectPath(target.project),
      query: {
        ...(kind.length === 0 ? {} : { kind: kind.join(',') }),
        ...(subject === undefined ? {} : { subject }),
      },
      // From where the project stands now, and not from when the stream opens, so that a first connection that breaks loses nothing.
      after: after ?? (isRequest ? 0 : target.last),
      isFinite: isRequest,
      tell: (sentence) => view.tell(sentence),
    });
    for await (const part of parts) {
      if (!(await view.show(part))) return false;
    }
    return true;
  } finally {
    ended.abort();
    await view.close();
  }
}

function createView(context: CommandContext, options: WatchOptions, { target, ...how }: Watched): EventView {
  const { stdout, environment } = context;
  const { json = false, color, after, kind = [], subject } = options;
  // A terminal that cannot move its cursor gets lines too.
  if (json || !stdout.isTerminal || environment['TERM'] === 'dumb') return createLineView(context);
  return createLiveView(context, {
    target,
    isListed: after === undefined && kind.length === 0 && subject === undefined,
    isColourful: color && stdout.isColourful,
    ...(target.what === 'request'
      ? {}
      : { listBefore: (before: number) => listSubjects(target.project, { ...how, before }) }),
  });
}
