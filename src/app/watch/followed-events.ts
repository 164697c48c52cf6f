/**
 * A stream of server-sent events that outlives its connections: after each end it asks for what comes behind the last
 * event it gave, so nothing is lost and nothing comes twice.
 */
import type { EventSourceMessage } from 'eventsource-parser';
import { createParser } from 'eventsource-parser';
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '#adapters/stomp/reconnecting.js';
import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { GatewayClient } from '../gateway-client/gateway-client.js';
import { errorOf } from '../gateway-client/gateway-client.js';
import type { OpenAnswer } from '../gateway-client/http-call.js';
import { reasonOf } from '../gateway-client/http-call.js';

/** An event, by the number that it has in its stream; or numbers whose events are no longer kept. */
export type Followed =
  | { readonly number: number; readonly kind: string; readonly json: string }
  | { readonly gap: { readonly from: number; readonly to: number } };

export interface FollowOptions {
  readonly client: Pick<GatewayClient, 'open'>;
  /** Of the resource, encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Number of the event behind which it begins. */
  readonly after: number;
  /** Whether it has an end of its own; the gateway is then asked at once whether that was it. */
  readonly isFinite: boolean;
  /** Ends it, without an error. */
  readonly signal: AbortSignal;
  /** Hears in a sentence of a lost connection and of its return. */
  readonly tell: (sentence: string) => Promise<void>;
  /** 0 up to 1, for jitter. */
  readonly random?: () => number;
}

/** Far above what a gateway takes as one event. */
const mostEventCharacters = 4 * 1024 * 1024;

/** How far it is, and how it goes. */
interface Following {
  position: number;
  /** There was a stream once. */
  wasUp: boolean;
  /** Connections since the last event. */
  failures: number;
  /** It was told that the gateway is away. */
  isLost: boolean;
}

/** The end of one connection. */
interface Ended {
  /** Nothing will come any more. */
  readonly isOver: boolean;
  /** Undefined: in order, by the gateway. */
  readonly reason?: string;
  /** The gateway asked to come back after so many milliseconds; 0: it did not. */
  readonly retryMs: number;
}

/**
 * Ends when the gateway says that there is nothing to come (204), or by the signal.
 *
 * @throws what the first call fails with; later only what no further call can change, such as NOT_PERMITTED
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<Followed, void> {
  const { signal, isFinite, tell, random = Math.random } = options;
  const state: Following = { position: options.after, wasUp: false, failures: 0, isLost: false };
  while (!signal.aborted) {
    const { isOver, reason, retryMs } = yield* readOnce(options, state);
    if (isOver) return;
    state.failures += 1;
    if (isFinite && reason === undefined && state.failures === 1) continue;
    if (!state.isLost) await tell(lostText(reason ?? 'it ended the stream'));
    state.isLost = true;
    const delayMs = Math.max(backoffMs(state.failures, random), retryMs * (0.5 + random() / 2));
    await pause(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

export function lostText(reason: string): string {
  return `lost the gateway (${reason}); trying until it is back`;
}

/** One connection, from the position of the state on. */
async function* readOnce(options: FollowOptions, state: Following): AsyncGenerator<Followed, Ended> {
  let answer: OpenAnswer | undefined;
  try {
    answer = await open(options, state.wasUp ? state.position : undefined);
    if (answer === undefined) return { isOver: true, retryMs: 0 };
    state.wasUp = true;
    if (state.isLost) await options.tell(`the gateway is back; going on after event ${state.position}`);
    state.isLost = false;
    return { isOver: false, retryMs: yield* readNew(answer, state) };
  } catch (error) {
    if (options.signal.aborted) return { isOver: true, retryMs: 0 };
    if (!state.wasUp || (isReplytoError(error) && !error.kind.retryable)) throw error;
    return { isOver: false, retryMs: 0, reason: isReplytoError(error) ? error.message : reasonOf(error) };
  } finally {
    answer?.close();
  }
}

/** Events that did not come before; returns what the gateway says of coming back. */
async function* readNew(answer: OpenAnswer, state: Following): AsyncGenerator<Followed, number> {
  const parts = readStream(answer);
  for (;;) {
    const { value, done } = await parts.next();
    if (done === true) return value;
    const end = 'gap' in value ? value.gap.to : value.number;
    if (end <= state.position) continue;
    state.position = end;
    state.failures = 0;
    yield value;
  }
}

/** The stream behind a position, or undefined when nothing will ever come. */
async function open(
  { client, path, query, after, signal }: FollowOptions,
  position: number | undefined,
): Promise<OpenAnswer | undefined> {
  // What the user gave is told as the parameter that it is; later it is ours, as browsers do it.
  const parameters = new URLSearchParams(
    position === undefined ? { ...query, after: String(after) } : query,
  ).toString();
  const answer = await client.open({
    method: 'GET',
    path: parameters === '' ? path : `${path}?${parameters}`,
    headers: {
      accept: 'text/event-stream',
      ...(position === undefined ? {} : { 'last-event-id': String(position) }),
    },
    signal,
  });
  if (answer.status === 204) {
    answer.close();
    return undefined;
  }
  if (answer.status === 200 && /^text\/event-stream\b/iu.test(answer.headers['content-type'] ?? '')) {
    return answer;
  }
  try {
    throw errorOf(await answer.readWhole()) ?? unreadable('the answer is no stream of events');
  } catch (error) {
    throw isReplytoError(error) ? error : unreadable(reasonOf(error));
  } finally {
    answer.close();
  }
}

async function* readStream(answer: OpenAnswer): AsyncGenerator<Followed, number> {
  const decoder = new TextDecoder();
  let found: EventSourceMessage[] = [];
  const problems: string[] = [];
  let retryMs = 0;
  const parser = createParser({
    maxBufferSize: mostEventCharacters,
    onEvent: (message) => void found.push(message),
    onRetry: (ms) => {
      retryMs = ms;
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') problems.push(error.message);
    },
  });
  for await (const chunk of answer.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (problems[0] !== undefined) throw unreadable(problems[0]);
    const messages = found;
    found = [];
    for (const message of messages) yield toFollowed(message);
  }
  return retryMs;
}

function toFollowed({ id = '', event = '', data }: EventSourceMessage): Followed {
  const number = /^\d{1,16}$/u.test(id) ? Number(id) : Number.NaN;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = undefined;
  }
  if (Number.isNaN(number) || typeof value !== 'object' || value === null) {
    throw unreadable('an event of the stream has no number, or is no JSON object');
  }
  if (event !== 'gap') {
    // Only white space between values can be a line end.
    return { number, kind: event, json: data.includes('\n') ? JSON.stringify(value) : data };
  }
  const { from, to } = value as { readonly from?: unknown; readonly to?: unknown };
  return { gap: { from: Number(from), to: Number(to) } };
}

function unreadable(what: string): ReplytoError {
  const detail = `${what}: is a replyto gateway at that address?`;
  return new ReplytoError('GATEWAY_UNAVAILABLE', { detail });
}
