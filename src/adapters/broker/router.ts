import { refusal } from '#adapters/stomp-server/refusal.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import type { LogBatch } from './log-batch.js';
import { queueKey } from './queues.js';
import type { Queues } from './queues.js';
import type { Payload, StoredMessage } from './stored-message.js';
import { sizeOf } from './stored-message.js';
import type { TopicTarget, Topics } from './topics.js';

/** A SEND, read and owned by the broker. */
export interface OutgoingMessage {
  readonly destination: BrokerDestination;
  readonly persistent: boolean;
  readonly payload: Payload;
}

/** A message with a place in every backlog it goes to; nobody sees it before `deliver`. */
export interface Routed {
  /** Adds what must be on disk. */
  write(batch: LogBatch): void;
  /** It is committed: into the backlogs, out to consumers. */
  deliver(): void;
  /** It is not: gives back what it had taken. */
  discard(): void;
}

/** Message Router: finds where a message goes and takes the room for it there. */
export interface Router {
  /** @throws StompRefusal when there is no room on disk or in memory. */
  route(message: OutgoingMessage): Routed;
}

export function createRouter(core: BrokerCore, queues: Queues, topics: Topics): Router {
  const { log, memory, storage } = core;

  function targetsOf({ kind, name, address }: BrokerDestination): Iterable<TopicTarget> {
    if (kind === 'topic') return topics.targets(name);
    // Looked up when it is appended: until then the queue may have become idle and been dropped.
    return [
      { key: queueKey(name), append: (message) => queues.get({ kind, name, address }).append(message) },
    ];
  }

  function takeRoom(message: StoredMessage, kept: boolean): void {
    if (message.persistent) {
      if (storage.take(message.bytes)) return;
      throw refusal(
        'store full',
        `Persistent messages may take ${storage.limit} bytes, ${storage.used} are taken: consume some, or raise the limit.`,
      );
    }
    // What goes to present topic subscribers is bounded for each of them.
    if (!kept) return;
    if (!memory.take(message.bytes)) {
      throw refusal(
        'memory full',
        `Messages in memory may take ${memory.limit} bytes, ${memory.used} are taken: send with persistent:true.`,
      );
    }
    message.heldBytes = message.bytes;
  }

  function giveRoom(message: StoredMessage): void {
    if (message.persistent) storage.give(message.bytes);
    memory.give(message.heldBytes);
    message.heldBytes = 0;
  }

  return {
    route({ destination, persistent, payload }) {
      const number = log.nextPosition();
      const bytes = sizeOf(payload);
      const places: { target: TopicTarget; message: StoredMessage }[] = [];
      const discard = (): void => {
        for (const { message } of places) giveRoom(message);
      };
      try {
        for (const target of targetsOf(destination)) {
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
          takeRoom(message, target.key !== undefined);
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
        deliver() {
          for (const { target, message } of places) target.append(message);
        },
        discard,
      };
    },
  };
}
