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
  /** Keeps how often a message was rejected. */
  countNacks(position: number, nacks: number): void;
  addDurable(record: DurableRecord): void;
  /** Removes the subscription and all that waits for it. */
  removeDurable(backlog: string): void;
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
    remove: (position) => step('DELETE FROM message WHERE position = ?', [position]),
    countNacks: (position, nacks) =>
      step('UPDATE message SET nacks = ? WHERE position = ?', [nacks, position]),
    addDurable: ({ backlog, clientId, name, topic }) =>
      step('INSERT INTO durable_subscription VALUES (?, ?, ?, ?)', [backlog, clientId, name, topic]),
    removeDurable: (backlog) => {
      step('DELETE FROM durable_subscription WHERE backlog = ?', [backlog]);
      step('DELETE FROM message WHERE backlog = ?', [backlog]);
    },
  };
}
