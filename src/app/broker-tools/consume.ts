/**
 * `replyto consume`: reads a queue at the broker. A message is acknowledged when it was printed, one by one: what
 * nobody could read (a closed pipe, a crash) stays with the broker, and may be printed again then.
 */
import { createDeferred } from '#core/deferred.js';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { CommandContext } from '../command-context.js';
import { onStopSignal } from '../stop-signals.js';
import { systemClock as clock } from '../system-clock.js';
import type { BrokerToolOptions } from './connect.js';
import { checkQueue, connectTool, warnOfOwnQueue } from './connect.js';
import type { ReceivedForm } from './received-text.js';
import { receivedText } from './received-text.js';
import { subscribeWithin } from './subscribe-within.js';

export interface ConsumeOptions extends BrokerToolOptions {
  readonly queue: string;
  /** End after so many messages. */
  readonly count?: number | undefined;
  /** End when none came for so many seconds. */
  readonly wait?: number | undefined;
  readonly output: ReceivedForm;
}

/** Few, because what was handed over and not printed goes back marked as redelivered. */
const mostPrefetched = 20;
const closeMs = 5_000;

/**
 * Reads until the count, the wait or a signal ends it; resolves with exit code 0.
 *
 * @throws NO_MESSAGE when nothing came within the wait; what connecting throws; SUBSCRIBE_REFUSED
 */
export async function consume(context: CommandContext, options: ConsumeOptions): Promise<number> {
  const { count = Infinity, wait, output } = options;
  const { stdout, stderr } = context;
  checkQueue(options.queue);
  const { broker } = await connectTool(context, options);
  const inbox = createInbox(wait === undefined ? undefined : wait * 1_000);
  const stopListening = onStopSignal(context.environment, () => inbox.end());
  try {
    await warnOfOwnQueue(context, broker, options.queue);
    await subscribeWithin(broker, queue(options.queue), {
      prefetch: Math.min(count, mostPrefetched),
      onDelivery: inbox.put,
    });
    let printed = 0;
    while (printed < count) {
      const delivery = await inbox.take();
      if (delivery === undefined) break;
      const isRead = await stdout.write(receivedText(delivery, output, stdout.isTerminal));
      if (!isRead) return 0;
      printed += 1;
      if (!delivery.acknowledge()) {
        await stderr.write(
          `warning: message ${delivery.message.messageId} will come again: the connection was lost\n`,
        );
      }
    }
    if (printed === 0 && inbox.isOver()) {
      const detail = `no message came from '${options.queue}' within ${wait ?? 0} s`;
      throw new ReplytoError('NO_MESSAGE', { detail, destination: options.queue });
    }
    return 0;
  } finally {
    inbox.end();
    stopListening();
    await broker.close(closeMs);
  }
}

/** Deliveries in order, and the end of the wait for them. */
interface Inbox {
  readonly put: (delivery: Delivery) => void;
  /** The next one; undefined when the wait is over or somebody ended it. */
  take(): Promise<Delivery | undefined>;
  end(): void;
  /** Whether it ended because nothing came in time. */
  isOver(): boolean;
}

function createInbox(waitMs: number | undefined): Inbox {
  const waiting: Delivery[] = [];
  let ended = false;
  let over = false;
  let wake = createDeferred<undefined>();

  return {
    put(delivery) {
      waiting.push(delivery);
      wake.resolve(undefined);
    },
    async take() {
      if (!ended && waiting.length === 0) {
        wake = createDeferred();
        const cancel =
          waitMs === undefined
            ? undefined
            : clock.after(waitMs, () => {
                over = true;
                wake.resolve(undefined);
              });
        await wake.promise;
        cancel?.();
      }
      return ended ? undefined : waiting.shift();
    },
    end() {
      ended = true;
      wake.resolve(undefined);
    },
    isOver: () => over,
  };
}
