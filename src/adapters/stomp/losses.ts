/**
 * Ends of connections that leave open which message was the cause. Whether it was a message at all is seen from the other
 * connections: they fall with a broker that dies or a network that fails, and go on when only this one was ended. It is
 * looked at after a while, because what falls together is not noticed together.
 */
import type { Destination } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { StompConnection } from './stomp-connection.js';
import type { Suspects } from './suspects.js';

export interface Losses {
  /** A send that was unconfirmed on a connection that ended. Resolves with what its sender is told. */
  add(connection: StompConnection, lost: LostSend): Promise<ReplytoError>;
  /** Whether an end is not judged yet. */
  readonly areOpen: boolean;
  /** Those that are not judged are taken for chance. */
  stop(): void;
}

interface LostSend {
  readonly message: Message;
  readonly destination: Destination;
  /** What the connection rejected it with. */
  readonly error: ReplytoError;
  readonly wasTrial: boolean;
}

interface LossesOptions {
  readonly clock: Clock;
  readonly suspects: Suspects;
  /** All that are open now. */
  readonly connections: () => readonly StompConnection[];
  /** An end was judged. */
  readonly onJudged: () => void;
}

/** What is still there after this fell with nobody. */
const outlivesMs = 1_000;

export function createLosses({ clock, suspects, connections, onJudged }: LossesOptions): Losses {
  const open = new Map<StompConnection, { size: number; readonly wasOutlived: Promise<boolean> }>();
  const cancels = new Set<() => void>();
  let stopped = false;

  /** Whether any of them is still open after a while; false at once when the last one has ended. */
  function outlive(others: readonly StompConnection[]): Promise<boolean> {
    if (others.length === 0 || stopped) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancelTimer = clock.after(outlivesMs, () => decide(others.some((one) => one.isOpen())));
      const decide = (outlived: boolean): void => {
        cancelTimer();
        cancels.delete(cancel);
        resolve(outlived);
      };
      const cancel = (): void => decide(false);
      cancels.add(cancel);
      void Promise.all(others.map((one) => one.ended)).then(cancel);
    });
  }

  function judge(connection: StompConnection): Promise<boolean> {
    const wasOutlived = outlive(connections().filter((one) => one !== connection));
    open.set(connection, { size: 0, wasOutlived });
    void wasOutlived.then(async () => {
      // Its sends are told first, so that none is sent again before it is known for what it is.
      await Promise.resolve();
      open.delete(connection);
      onJudged();
    });
    return wasOutlived;
  }

  return {
    async add(connection, lost) {
      const { message, destination, error, wasTrial } = lost;
      suspects.suspect(message, destination);
      if (!open.has(connection)) void judge(connection);
      const loss = open.get(connection);
      if (loss === undefined) return error;
      loss.size += 1;
      const told = loss.wasOutlived.then((wasOutlived) =>
        wasOutlived
          ? suspects.blame(message, destination, {
              ...{ size: loss.size, wasTrial, error },
              broker: connection.broker,
            })
          : error,
      );
      // What may be refused now waits for the judgement, anything else may be sent again.
      return suspects.isNearlyProven(message, destination) ? await told : error;
    },
    get areOpen() {
      return open.size > 0;
    },
    stop() {
      stopped = true;
      for (const cancel of [...cancels]) cancel();
    },
  };
}
