/** `replyto reply`: makes an echo or any program a service, on the library's replier. */
import { createDeferred } from '#core/deferred.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { CommandContext } from '../command-context.js';
import { contents } from '#messaging/contents.js';
import type { Handler } from '#messaging/handler-run.js';
import { createReplier } from '../library/create-replier.js';
import { onStopSignal } from '../stop-signals.js';
import { systemClock as clock } from '../system-clock.js';
import type { BrokerToolOptions } from './connect.js';
import { checkQueue, connectTool } from './connect.js';
import { createProgramHandler } from './program-handler.js';

export interface ReplyOptions extends BrokerToolOptions {
  readonly queue: string;
  /** Answer with what came. Either this or `exec`. */
  readonly echo?: boolean | undefined;
  /** Shell command that answers. */
  readonly exec?: string | undefined;
  /** Content type of replies; absent: that of the request. */
  readonly contentType?: string | undefined;
  /** Requests answered at the same time; default 10. */
  readonly concurrency?: number | undefined;
  /** Seconds that one run may take; absent: until the request expires. */
  readonly timeout?: number | undefined;
  /** Runs in all before a request is given up; default 3. */
  readonly attempts?: number | undefined;
}

/** What runs may finish within this after the first signal. */
const finishMs = 25_000;
/** Killed programs are gone after two seconds; the broker hears of it. */
const killedMs = 3_000;
const closeMs = 2_000;

/**
 * Answers until a signal; resolves with exit code 0.
 *
 * @throws INVALID_ARGUMENT, SUBSCRIBE_REFUSED and what connecting throws
 */
export async function reply(context: CommandContext, options: ReplyOptions): Promise<number> {
  checkQueue(options.queue);
  const { handler, killAll } = toHandler(context, options);
  const { broker, url } = await connectTool(context, options);
  const { stderr } = context;
  const stopped = createDeferred<undefined>();
  const stopListening = onStopSignal(context.environment, () => stopped.resolve(undefined));
  try {
    const { concurrency, attempts, timeout } = options;
    const replier = createReplier({
      broker,
      queue: options.queue,
      handler,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(attempts === undefined ? {} : { retry: { attempts } }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
    });
    await Promise.race([replier.start(), stopped.promise]);
    await stderr.write(`answering requests of '${options.queue}' at ${url}; Ctrl-C ends it\n`);
    await stopped.promise;
    if (replier.running > 0) {
      await stderr.write(`finishing ${replier.running} under way; Ctrl-C again leaves them to the broker\n`);
    }
    // The replier waits until the deadline for handlers; they end sooner when their programs are killed before it.
    const cancelKill = clock.after(finishMs, killAll);
    await replier.stop(finishMs + killedMs);
    cancelKill();
    return 0;
  } finally {
    stopListening();
    killAll();
    await broker.close(closeMs);
  }
}

function toHandler(
  context: CommandContext,
  { echo, exec, queue, contentType }: ReplyOptions,
): { readonly handler: Handler; readonly killAll: () => void } {
  if ((echo === true) === (exec !== undefined)) {
    const problems = [toProblem('--echo, --exec', undefined, 'exactly one of the two')];
    throw new ReplytoError('INVALID_ARGUMENT', { problems });
  }
  if (exec !== undefined) return createProgramHandler({ context, queue, command: exec, contentType });
  return {
    handler: (request) => {
      const type = contentType ?? request.contentType;
      return contents(request.body, { contentType: type });
    },
    killAll: () => undefined,
  };
}
