import { encodeHeaders } from '#adapters/stomp-server/frame-encoder.js';
import type { Change } from './change.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import { deadLetterQueueOf, isDeadLetterQueue } from './destinations.js';
import type { Binding, Queue } from './queue.js';
import { queueKey } from './queues.js';
import type { Queues } from './queues.js';
import { giveRoom, takeRoom } from './room.js';
import type { Payload, StoredMessage } from './stored-message.js';

/**
 * Dead Letter Channel: a message that its consumers rejected too often goes to `DLQ.` and the name of its queue
 * or topic. A dead letter is always on disk: it waits for a person.
 */
export interface DeadLetterChannel {
  /** Whether a message of this queue ends with its rejection of this number. */
  takes(queue: Queue, nacks: number): boolean;
  /**
   * The move of a message that is in flight.
   *
   * @throws STORE_UNAVAILABLE
   * @throws StompRefusal when a message that was not on disk finds no room there, and when the dead-letter queue
   *   of a topic would be one queue too many.
   */
  prepare(queue: Queue, message: StoredMessage, nacks: number): Change;
}

/** The NACK with this number moves a message. */
const mostNacks = 6;

export function createDeadLetterChannel(core: BrokerCore, queues: Queues): DeadLetterChannel {
  const { log, storage, logger } = core;

  /** Those of a queue are bounded by the queues that there may be; names of topics are bounded by nothing else. */
  function bind(origin: BrokerDestination, destination: BrokerDestination): Binding {
    return origin.kind === 'queue' ? queues.bindAnyway(destination) : queues.bind(destination);
  }

  return {
    takes: ({ destination }, nacks) => nacks >= mostNacks && !isDeadLetterQueue(destination.name),
    prepare(queue, message, nacks) {
      const origin = queue.destination;
      const destination = deadLetterQueueOf(origin.name);
      const reason = `rejected ${nacks} times by its consumers (NACK)`;
      const headerLines = encodeHeaders(
        [
          ['dlq-reason', reason],
          ['original-destination', origin.address],
        ],
        '1.2',
      );
      const letter: StoredMessage = {
        position: log.nextPosition(),
        number: message.number,
        persistent: true,
        bytes: message.bytes + Buffer.byteLength(headerLines),
        payload: undefined,
        heldBytes: 0,
        redelivered: false,
        nacks: 0,
      };
      const lent = bind(origin, destination);
      try {
        // What is on disk already has its room there; refused, it would be rejected and delivered for ever.
        if (message.persistent) storage.takeAnyway(letter.bytes);
        else takeRoom(core, letter);
      } catch (error) {
        lent.release();
        throw error;
      }
      return {
        write(batch) {
          const to = { ...letter, backlog: queueKey(destination.name), headerLines };
          if (message.persistent || message.payload === undefined) batch.move(message.position, to);
          else batch.add(to.backlog, letter, withLines(headerLines, message.payload));
        },
        apply() {
          giveRoom(core, message);
          queue.settled([message]);
          lent.queue.append(letter);
          lent.release();
          logger.warn({ destination: destination.address, reason }, 'a message became a dead letter');
        },
        discard() {
          giveRoom(core, letter);
          lent.release();
        },
      };
    },
  };
}

/** Before those of the sender: of repeated headers the first counts. */
function withLines(headerLines: string, { head, body }: Payload): Payload {
  return { head: Buffer.concat([Buffer.from(headerLines), head]), body };
}
