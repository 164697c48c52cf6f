import { refusal } from '#adapters/stomp-server/refusal.js';
import type { Budget } from './budget.js';
import type { StoredMessage } from './stored-message.js';

/** Where messages take up room. */
export interface Room {
  /** Payloads in memory. */
  readonly memory: Budget;
  /** Messages on disk. */
  readonly storage: Budget;
}

/** Takes the room that a new message needs, on disk or in memory. @throws StompRefusal when there is none. */
export function takeRoom({ memory, storage }: Room, message: StoredMessage): void {
  if (message.persistent) {
    if (storage.take(message.bytes)) return;
    throw refusal(
      'store full',
      `Persistent messages may take ${storage.limit} bytes, ${storage.used} are taken: consume some, or raise the limit.`,
    );
  }
  if (!memory.take(message.bytes)) {
    throw refusal(
      'memory full',
      `Messages in memory may take ${memory.limit} bytes, ${memory.used} are taken: send with persistent:true.`,
    );
  }
  message.heldBytes = message.bytes;
}

/** Gives back what a message holds that is done with. */
export function giveRoom({ memory, storage }: Room, message: StoredMessage): void {
  if (message.persistent) storage.give(message.bytes);
  memory.give(message.heldBytes);
  message.heldBytes = 0;
  message.payload = undefined;
}
