import type { SqlValue } from '#adapters/sqlite/database.js';
import type { Payload, StoredMessage } from './stored-message.js';

/** A durable subscription as it is kept in the log. */
export interface DurableRecord {
  /** Key of its messages. */
  readonly backlog: string;
  readonly clientId: string;
  readonly name: string;
  /** Name of the topic, without `/topic/`. */
  readonly topic: string;
}

/** Changes of the log that are committed together, in this order. */
export interface LogBatch {
  readonly steps: readonly LogStep[];
  add(backlog: string, message: Pick<StoredMessage, 'position' | 'number' | 'bytes'>, payload: Payload): void;
  remove(position: number): void;
  /** Moves the message at a place to a new one, unread, with these header lines put before its own. */
  move(from: number, to: MovedMessage): void;
  /** Keeps how often a message was rejected. */
  countNacks(position: number, nacks: number): void;
  /** Adds the subscription, for which nothing waits, whatever a former one of this name left. */
  addDurable(record: DurableRecord): void;
  /** Removes the subscription and all that waits for it. */
  removeDurable(backlog: string): void;
}

interface MovedMessage {
  readonly backlog: string;
  readonly position: number;
  readonly bytes: number;
  /** Encoded as in STOMP 1.2. */
  readonly headerLines: string;
}

interface LogStep {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function createLogBatch(): LogBatch {
  const steps: LogStep[] = [];
  const step = (sql: string, values: readonly SqlValue[]): void => {
    steps.push({ sql, values });
  };
  const remove = (position: number): void => step('DELETE FROM message WHERE position = ?', [position]);
  const empty = (backlog: string): void => step('DELETE FROM message WHERE backlog = ?', [backlog]);
  return {
    steps,
    add: (backlog, { position, number, bytes }, { head, body }) =>
      step('INSERT INTO message VALUES (?, ?, ?, 0, 0, ?, ?, ?)', [
        position,
        backlog,
        number,
        bytes,
        head,
        body,
      ]),
    remove,
    move: (from, { backlog, position, bytes, headerLines }) => {
      step(
        `INSERT INTO message SELECT ?, ?, number, 0, 0, ?, CAST(? || head AS BLOB), body
         FROM message WHERE position = ?`,
        [position, backlog, bytes, headerLines, from],
      );
      remove(from);
    },
    countNacks: (position, nacks) =>
      step('UPDATE message SET nacks = ? WHERE position = ?', [nacks, position]),
    addDurable: ({ backlog, clientId, name, topic }) => {
      empty(backlog);
      step('INSERT INTO durable_subscription VALUES (?, ?, ?, ?)', [backlog, clientId, name, topic]);
    },
    removeDurable: (backlog) => {
      step('DELETE FROM durable_subscription WHERE backlog = ?', [backlog]);
      empty(backlog);
    },
  };
}
