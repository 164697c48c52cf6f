import { refusal } from '#adapters/stomp-server/refusal.js';
import type { Change } from './change.js';
import { prepareAll } from './change.js';
import type { BrokerCore } from './core.js';
import type { DeadLetterChannel } from './dead-letter-channel.js';
import type { Queue } from './queue.js';
import { giveRoom } from './room.js';
import type { StoredMessage } from './stored-message.js';

/**
 * What becomes of a delivery. Acknowledged messages leave the log in the group commit of their turn; if that
 * fails the removal is owed and tried again, so a message that was done with comes back only after a crash.
 * A rejected message goes back to its place, the sixth time to the dead-letter queue of its queue.
 */
export interface Settlement {
  /** Done with. Rejects with a StompRefusal when the removal is not on disk yet. */
  acknowledge(queue: Queue, messages: readonly StoredMessage[]): Promise<void> | undefined;
  /** Rejected by a consumer. Rejects with a StompRefusal when one stays that should have become a dead letter. */
  reject(queue: Queue, messages: readonly StoredMessage[]): Promise<void> | undefined;
  /**
   * The same as part of a transaction: all of it, or with `discard` nothing.
   *
   * @throws STORE_UNAVAILABLE
   * @throws StompRefusal when a dead letter finds no room; nothing is done then.
   */
  prepare(queue: Queue, messages: readonly StoredMessage[], accepted: boolean): Change;
  /** Tries once more to remove what is owed. */
  stop(): Promise<void>;
}

const retryMs = 1_000;

export function createSettlement(core: BrokerCore, deadLetters: DeadLetterChannel): Settlement {
  const { log, clock, logger } = core;
  const owed = new Set<number>();
  let cancelRetry: (() => void) | undefined;
  let stopped = false;

  async function pay(): Promise<void> {
    const positions = [...owed];
    try {
      await log.write((batch) => positions.forEach((position) => batch.remove(position)));
      for (const position of positions) owed.delete(position);
    } catch (error) {
      logger.warn({ err: error, messages: owed.size }, 'acknowledged messages could not be removed yet');
    }
  }

  function scheduleRetry(): void {
    if (stopped) return;
    cancelRetry ??= clock.after(retryMs, () => {
      cancelRetry = undefined;
      void pay().then(() => {
        if (owed.size > 0) scheduleRetry();
      });
    });
  }

  function remove(positions: readonly number[]): Promise<void> | undefined {
    if (positions.length === 0) return undefined;
    return log
      .write((batch) => positions.forEach((position) => batch.remove(position)))
      .catch((error: unknown) => {
        for (const position of positions) owed.add(position);
        scheduleRetry();
        logger.warn({ err: error }, 'an acknowledgement is not on disk yet');
        throw refusal(
          'acknowledgement not on disk yet',
          'The message is not delivered again unless the broker ends before its disk takes the acknowledgement.',
        );
      });
  }

  function finish(queue: Queue, messages: readonly StoredMessage[]): void {
    for (const message of messages) giveRoom(core, message);
    queue.settled(messages);
  }

  async function countNacks(counted: readonly Counted[]): Promise<void> {
    try {
      await log.write((batch) => counted.forEach(({ position, nacks }) => batch.countNacks(position, nacks)));
    } catch (error) {
      // Counted in memory all the same; only a crash would forget it.
      logger.warn({ err: error }, 'a rejection is not on disk');
    }
  }

  async function moveToDeadLetters(queue: Queue, message: StoredMessage): Promise<void> {
    let move: Change | undefined;
    try {
      const prepared = deadLetters.prepare(queue, message, message.nacks);
      move = prepared;
      await log.write((batch) => prepared.write(batch));
    } catch (error) {
      move?.discard();
      logger.error(
        { err: error, destination: queue.destination.address },
        'a dead letter could not be stored',
      );
      queue.giveBack([message]);
      throw refusal('dead letter not stored', 'The message stays in its queue and is delivered again.');
    }
    move.apply();
  }

  /** Those that end with this rejection, and those that go back to their places. */
  function divide(
    queue: Queue,
    messages: readonly StoredMessage[],
  ): { ending: StoredMessage[]; returning: StoredMessage[] } {
    const isEnding = ({ nacks }: StoredMessage): boolean => deadLetters.takes(queue, nacks + 1);
    return {
      ending: messages.filter(isEnding),
      returning: messages.filter((message) => !isEnding(message)),
    };
  }

  function prepareRejection(queue: Queue, messages: readonly StoredMessage[]): Change {
    const { ending, returning } = divide(queue, messages);
    const counted = toCounted(returning);
    const moves = prepareAll(
      ending.map((message) => () => deadLetters.prepare(queue, message, message.nacks + 1)),
    );
    return {
      write(batch) {
        moves.write(batch);
        for (const { position, nacks } of counted) batch.countNacks(position, nacks);
      },
      apply() {
        moves.apply();
        for (const message of returning) message.nacks += 1;
        queue.giveBack(returning);
      },
      discard: () => moves.discard(),
    };
  }

  return {
    acknowledge(queue, messages) {
      const positions = persistentPositions(messages);
      finish(queue, messages);
      return remove(positions);
    },
    reject(queue, messages) {
      const { ending, returning } = divide(queue, messages);
      const counted = toCounted(returning);
      for (const message of messages) message.nacks += 1;
      queue.giveBack(returning);
      const work = ending.map((message) => moveToDeadLetters(queue, message));
      if (counted.length > 0) work.push(countNacks(counted));
      return work.length === 0 ? undefined : Promise.all(work).then(() => undefined);
    },
    prepare(queue, messages, accepted) {
      if (!accepted) return prepareRejection(queue, messages);
      return {
        write: (batch) => persistentPositions(messages).forEach((position) => batch.remove(position)),
        apply: () => finish(queue, messages),
        discard: () => undefined,
      };
    },
    async stop() {
      stopped = true;
      cancelRetry?.();
      if (owed.size > 0) await pay();
    },
  };
}

interface Counted {
  readonly position: number;
  readonly nacks: number;
}

/** With this rejection, as it is now: by the time of the commit the next one may have come. */
function toCounted(messages: readonly StoredMessage[]): Counted[] {
  return messages
    .filter(({ persistent }) => persistent)
    .map(({ position, nacks }) => ({ position, nacks: nacks + 1 }));
}

function persistentPositions(messages: readonly StoredMessage[]): number[] {
  return messages.filter(({ persistent }) => persistent).map(({ position }) => position);
}
