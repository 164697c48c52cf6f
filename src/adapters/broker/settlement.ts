import { refusal } from '#adapters/stomp-server/refusal.js';
import type { BrokerCore } from './core.js';
import { deadLetterQueueOf, isDeadLetterQueue } from './destinations.js';
import { withHeaders } from './message-head.js';
import type { Queue } from './queue.js';
import { queueKey } from './queues.js';
import type { Queues } from './queues.js';
import type { StoredMessage } from './stored-message.js';
import { sizeOf } from './stored-message.js';

/**
 * What becomes of a delivery. Acknowledged messages leave the log in the group commit of their turn; if that
 * fails the removal is owed and tried again, so a message that was done with comes back only after a crash.
 * A rejected message goes back to its place, the sixth time to the dead-letter queue of its queue.
 */
export interface Settlement {
  /** Done with. Rejects with a StompRefusal when the removal is not on disk yet. */
  acknowledge(queue: Queue, messages: readonly StoredMessage[]): Promise<void> | undefined;
  /** Rejected by a consumer. */
  reject(queue: Queue, messages: readonly StoredMessage[]): Promise<void> | undefined;
  /** Gives back what messages hold that left the log in another way. */
  release(messages: readonly StoredMessage[]): void;
  /** Tries once more to remove what is owed. */
  stop(): Promise<void>;
}

/** The NACK with this number moves a message to the dead-letter queue. */
const mostNacks = 6;

const retryMs = 1_000;

export function createSettlement(core: BrokerCore, queues: Queues): Settlement {
  const { log, memory, storage, clock, logger } = core;
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

  function release(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      if (message.persistent) storage.give(message.bytes);
      memory.give(message.heldBytes);
      message.heldBytes = 0;
      message.payload = undefined;
    }
  }

  function acknowledge(queue: Queue, messages: readonly StoredMessage[]): Promise<void> | undefined {
    const positions = messages.filter(({ persistent }) => persistent).map(({ position }) => position);
    release(messages);
    queue.settled(messages);
    return remove(positions);
  }

  async function countNacks(counted: readonly Pick<StoredMessage, 'position' | 'nacks'>[]): Promise<void> {
    try {
      await log.write((batch) => counted.forEach(({ position, nacks }) => batch.countNacks(position, nacks)));
    } catch (error) {
      // Counted in memory all the same; only a crash would forget it.
      logger.warn({ err: error }, 'a rejection is not on disk');
    }
  }

  /** A dead letter is always on disk: it waits for a person. */
  async function moveToDeadLetters(queue: Queue, message: StoredMessage): Promise<void> {
    const destination = deadLetterQueueOf(queue.destination.name);
    try {
      const payload = message.payload ?? log.load([message.position]).get(message.position);
      if (payload === undefined) throw new Error(`message ${message.position} is not in the log`);
      const reason = `rejected ${message.nacks} times by its consumers (NACK)`;
      const headers = [
        ['dlq-reason', reason],
        ['original-destination', queue.destination.address],
      ] as const;
      const letter = { head: withHeaders(payload.head, headers), body: payload.body };
      const bytes = sizeOf(letter);
      const moved: StoredMessage = {
        position: log.nextPosition(),
        number: message.number,
        persistent: true,
        bytes,
        payload: letter,
        heldBytes: 0,
        redelivered: false,
        nacks: 0,
      };
      await log.write((batch) => {
        batch.add(queueKey(destination.name), moved, letter);
        if (message.persistent) batch.remove(message.position);
      });
      release([message]);
      queue.settled([message]);
      // Not refused when the store is at its limit: what is moved was inside it already.
      storage.takeAnyway(bytes);
      queues.get(destination).append(moved);
      logger.warn({ destination: destination.address, reason }, 'a message became a dead letter');
    } catch (error) {
      logger.error({ err: error, destination: destination.address }, 'a dead letter could not be stored');
      queue.giveBack([message]);
      throw refusal('dead letter not stored', 'The message stays in its queue and is delivered again.');
    }
  }

  return {
    acknowledge,
    reject(queue, messages) {
      for (const message of messages) message.nacks += 1;
      const mayEnd = !isDeadLetterQueue(queue.destination.name);
      const isEnding = ({ nacks }: StoredMessage): boolean => mayEnd && nacks >= mostNacks;
      const returning = messages.filter((message) => !isEnding(message));
      const counted = returning
        .filter(({ persistent }) => persistent)
        // As they are now: by the time of the commit the next NACK may have come.
        .map(({ position, nacks }) => ({ position, nacks }));
      queue.giveBack(returning);
      const work = messages.filter(isEnding).map((message) => moveToDeadLetters(queue, message));
      if (counted.length > 0) work.push(countNacks(counted));
      return work.length === 0 ? undefined : Promise.all(work).then(() => undefined);
    },
    release,
    async stop() {
      stopped = true;
      cancelRetry?.();
      if (owed.size > 0) await pay();
    },
  };
}
