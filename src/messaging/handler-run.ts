/**
 * One run of a service's handler: its context, its deadline, and the one outcome it has. A handler that ignores
 * its signal cannot be stopped; its run counts as failed at the deadline all the same, and what it returns
 * later is dropped.
 */
import { createDeferred } from '#core/deferred.js';
import { attemptOf } from '#core/message.js';
import type { Message } from '#core/message.js';
import { Fault, isFault } from '#core/fault.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { ReturnAddress } from '#core/return-address.js';
import type { ReadableBody } from './contents.js';
import { readableBody } from './contents.js';

/** A request as a handler sees it. */
export type ReceivedRequest = Message & ReadableBody;

export interface HandlerContext {
  /**
   * Reports progress; resolves when the broker has it. Await it to be sure, or leave it.
   *
   * @param percent 0-100
   */
  readonly progress: (percent: number, text?: string) => Promise<void>;
  /** Aborted when the request was cancelled, timed out, or this process is shutting down; `reason` says which. */
  readonly signal: AbortSignal;
  /** Milliseconds left for this run. */
  readonly deadlineMs: number;
  /** 1, 2, ... raised by every retry. */
  readonly attempt: number;
  readonly log: Logger;
  /**
   * The answer comes later, from any process, by `sendReply(address, contents)`. The request is acknowledged when
   * the handler returns; keep the address first. Null when the request expects no reply.
   */
  readonly defer: () => ReturnAddress | null;
}

/** What it returns is the reply, see `contents`; a thrown Fault is sent as one; any other error is retried. */
export type Handler = (request: ReceivedRequest, context: HandlerContext) => unknown;

type StopReason = 'cancelled' | 'timed-out' | 'shutting-down';

export type RunOutcome =
  | { readonly kind: 'reply'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'deferred' }
  /** Cancelled or shutting down: whatever it threw then is no failure. */
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'error'; readonly error: unknown };

export interface HandlerRunOptions {
  readonly handler: Handler;
  readonly request: Message;
  readonly address: ReturnAddress | null;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: HandlerContext['progress'];
}

export interface HandlerRun {
  readonly outcome: Promise<RunOutcome>;
  stop(reason: StopReason): void;
}

export function runHandler(options: HandlerRunOptions): HandlerRun {
  const { handler, request, timeoutMs, clock } = options;
  const controller = new AbortController();
  let deferred = false;

  function stop(reason: StopReason): void {
    if (!controller.signal.aborted) controller.abort(reason);
  }

  async function run(): Promise<RunOutcome> {
    try {
      const value = await handler(
        { ...request, ...readableRequest(request.body) },
        {
          progress: options.progress,
          signal: controller.signal,
          deadlineMs: timeoutMs,
          attempt: attemptOf(request),
          log: options.log,
          defer: () => {
            deferred = true;
            return options.address;
          },
        },
      );
      return deferred ? { kind: 'deferred' } : { kind: 'reply', value };
    } catch (error) {
      if (isFault(error)) return { kind: 'fault', fault: error };
      const reason = stopReason(controller.signal);
      if (reason === 'cancelled' || reason === 'shutting-down') return { kind: 'stopped', reason };
      return { kind: 'error', error };
    }
  }

  const outcome = createDeferred<RunOutcome>();
  const cancelDeadline = clock.after(timeoutMs, () => {
    stop('timed-out');
    outcome.resolve({ kind: 'error', error: new Error(`the handler did not finish within ${timeoutMs} ms`) });
  });
  void run().then((result) => {
    cancelDeadline();
    outcome.resolve(result);
  });
  return { outcome: outcome.promise, stop };
}

/** A request that is no JSON will be none the next time either: the caller gets a Fault, not a retry. */
function readableRequest(body: Uint8Array): ReadableBody {
  const { text, json } = readableBody(body);
  return {
    text,
    json: () => {
      try {
        return json();
      } catch {
        throw new Fault('NOT_JSON', 'the body of the request is no JSON', { status: 422 });
      }
    },
  };
}

function stopReason({ aborted, reason }: AbortSignal): StopReason | undefined {
  return aborted ? (reason as StopReason) : undefined;
}
