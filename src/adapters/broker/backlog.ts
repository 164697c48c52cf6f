import type { Logger } from '#core/ports/logger.js';
import type { Budget } from './budget.js';
import type { Fifo } from './fifo.js';
import { createFifo } from './fifo.js';
import type { MessageLog } from './message-log.js';
import type { Payload, StoredMessage } from './stored-message.js';

/**
 * Messages that wait, in order of their positions. Only the first of them are listed in memory; persistent
 * messages behind those are counted and read from the log when their turn comes, so that a queue of millions
 * takes no more memory than one of thousands. Payloads are kept in memory as far as the budget goes.
 */
export interface Backlog {
  /** Messages that wait. */
  readonly depth: number;
  /** Their bytes. */
  readonly bytes: number;
  /** A new message, last in the order; if persistent, it is in the log. */
  append(message: StoredMessage): void;
  /** Messages that were taken come back to their places. */
  giveBack(messages: readonly StoredMessage[]): void;
  /** Takes the first. @throws STORE_UNAVAILABLE when it cannot be read; it stays the first then. */
  take(): { message: StoredMessage; payload: Payload } | undefined;
  /** What was taken and came back. */
  returned(): readonly StoredMessage[];
  /**
   * Forgets everything and gives its memory back; the log is left as it is.
   *
   * @returns bytes of the persistent messages among it.
   */
  clear(): number;
}

export interface BacklogOptions {
  /** Key of its messages in the log. */
  readonly key: string;
  /** Absent: nothing here is ever persistent. */
  readonly log: MessageLog | undefined;
  readonly memory: Budget;
  readonly listedMessages: number;
  readonly logger: Logger;
  /** What the log held at the start. */
  readonly recovered?:
    { readonly count: number; readonly bytes: number; readonly lastPosition: number } | undefined;
}

const pageMessages = 1_000;
/** Payloads read together with the one that is needed now. */
const readAheadMessages = 64;

export function createBacklog(options: BacklogOptions): Backlog {
  const { key, log, memory, listedMessages, logger, recovered } = options;
  /** Descending, so that the first of all is popped. */
  let returned: StoredMessage[] = [];
  let listed: Fifo<StoredMessage> = createFifo();
  /** Not persistent, behind messages that are listed on disk only. */
  let behind: StoredMessage[] = [];
  let onDisk = recovered?.count ?? 0;
  let lastListed = 0;
  let lastAppended = recovered?.lastPosition ?? 0;
  let depth = onDisk;
  let bytes = recovered?.bytes ?? 0;

  /** Reads no further than what was appended: rows beyond are committed, but their turn to be appended comes. */
  function listMore(): void {
    if (log === undefined || onDisk === 0) return;
    const rows = log.page(key, { after: lastListed, upTo: lastAppended, limit: pageMessages });
    if (rows.length === 0) {
      logger.error({ backlog: key, missing: onDisk }, 'messages are missing in the log');
      depth -= onDisk;
      onDisk = 0;
    } else {
      onDisk -= rows.length;
      lastListed = rows[rows.length - 1]?.position ?? lastListed;
    }
    const due = behind.filter(({ position }) => onDisk === 0 || position < lastListed);
    behind = behind.slice(due.length);
    const merged = due.length === 0 ? rows : [...rows, ...due].sort((a, b) => a.position - b.position);
    for (const message of merged) listed.push(message);
  }

  function hold(message: StoredMessage, payload: Payload): boolean {
    if (!memory.take(message.bytes)) return false;
    message.heldBytes = message.bytes;
    message.payload = payload;
    return true;
  }

  function read(first: StoredMessage): Payload | undefined {
    if (first.payload !== undefined) return first.payload;
    if (log === undefined) return undefined;
    const wanted = [first];
    for (let place = 0; place < Math.min(listed.length, readAheadMessages); place += 1) {
      const message = listed.at(place);
      if (message?.persistent !== true || message.payload !== undefined) break;
      wanted.push(message);
    }
    const room = Math.max(first.bytes, Math.min(readAheadBytes, memory.limit - memory.used));
    let sum = 0;
    const chosen = wanted.filter((message) => (sum += message.bytes) <= room);
    const payloads = log.load(chosen.map(({ position }) => position));
    for (const message of chosen.slice(1)) {
      const payload = payloads.get(message.position);
      if (payload !== undefined) hold(message, payload);
    }
    return payloads.get(first.position);
  }

  function first(): StoredMessage | undefined {
    const back = returned.pop();
    if (back !== undefined) return back;
    if (listed.length === 0) listMore();
    return listed.shift();
  }

  return {
    get depth() {
      return depth;
    },
    get bytes() {
      return bytes;
    },
    append(message) {
      depth += 1;
      bytes += message.bytes;
      if (!message.persistent) {
        if (onDisk > 0) behind.push(message);
        else listed.push(message);
        return;
      }
      lastAppended = message.position;
      const { payload } = message;
      message.payload = undefined;
      if (onDisk > 0 || listed.length >= listedMessages) {
        onDisk += 1;
        return;
      }
      if (payload !== undefined) hold(message, payload);
      lastListed = message.position;
      listed.push(message);
    },
    giveBack(messages) {
      for (const message of messages) bytes += message.bytes;
      depth += messages.length;
      returned = [...returned, ...messages].sort((a, b) => b.position - a.position);
    },
    take() {
      for (;;) {
        const message = first();
        if (message === undefined) return undefined;
        let payload: Payload | undefined;
        try {
          payload = read(message);
        } catch (error) {
          returned.push(message);
          throw error;
        }
        depth -= 1;
        bytes -= message.bytes;
        if (message.persistent) {
          // Whoever has it in hand may keep it for days; it is read again if it comes back.
          memory.give(message.heldBytes);
          message.heldBytes = 0;
          message.payload = undefined;
        }
        if (payload !== undefined) return { message, payload };
        logger.error({ backlog: key, position: message.position }, 'a message is missing in the log');
      }
    },
    returned: () => returned,
    clear() {
      let transientBytes = 0;
      for (const message of [...returned, ...listed, ...behind]) {
        memory.give(message.heldBytes);
        if (!message.persistent) transientBytes += message.bytes;
      }
      const persistentBytes = bytes - transientBytes;
      returned = [];
      listed = createFifo();
      behind = [];
      onDisk = 0;
      depth = 0;
      bytes = 0;
      return persistentBytes;
    },
  };
}

const readAheadBytes = 1024 * 1024;
