import type { Change } from './change.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import { queueKey } from './queues.js';
import type { Queues } from './queues.js';
import { giveRoom, takeRoom } from './room.js';
import type { Payload, StoredMessage } from './stored-message.js';
import { sizeOf } from './stored-message.js';
import type { TopicTarget, Topics } from './topics.js';
import { toTarget } from './topics.js';

/** A SEND, read and owned by the broker. */
export interface OutgoingMessage {
  readonly destination: BrokerDestination;
  readonly persistent: boolean;
  readonly payload: Payload;
}

/** Message Router: finds where a message goes and takes the room for it there. */
export interface Router {
  /**
   * Gives the message a place in every backlog it goes to; nobody sees it before it is applied.
   *
   * @throws StompRefusal when there is no room on disk or in memory, or it needs one queue too many.
   * @throws STORE_UNAVAILABLE
   */
  route(message: OutgoingMessage): Change;
}

export function createRouter(core: BrokerCore, queues: Queues, topics: Topics): Router {
  const { log } = core;

  return {
    route({ destination, persistent, payload }) {
      const number = log.nextPosition();
      const bytes = sizeOf(payload);
      // Lent until the message is in it: else it would be forgotten when its last consumer leaves meanwhile.
      const lent = destination.kind === 'queue' ? queues.bind(destination) : undefined;
      const targets =
        lent === undefined
          ? topics.targets(destination.name)
          : [toTarget(queueKey(destination.name), lent.queue)];
      const places: { target: TopicTarget; message: StoredMessage }[] = [];
      const discard = (): void => {
        for (const { message } of places) giveRoom(core, message);
        lent?.release();
      };
      try {
        for (const target of targets) {
          const message: StoredMessage = {
            position: places.length === 0 ? number : log.nextPosition(),
            number,
            persistent: persistent && target.key !== undefined,
            bytes,
            payload,
            heldBytes: 0,
            redelivered: false,
            nacks: 0,
          };
          // What goes to present topic subscribers is bounded for each of them.
          if (target.key !== undefined) takeRoom(core, message);
          places.push({ target, message });
        }
      } catch (error) {
        discard();
        throw error;
      }
      return {
        write(batch) {
          for (const { target, message } of places) {
            if (message.persistent && target.key !== undefined) batch.add(target.key, message, payload);
          }
        },
        apply() {
          for (const { target, message } of places) target.append(message);
          lent?.release();
        },
        discard,
      };
    },
  };
}
