import { randomUUID } from 'node:crypto';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { createGroupCommit } from '#adapters/sql/group-commit.js';
import { migrate } from '#adapters/sqlite/migrations.js';
import { createLogBatch } from './log-batch.js';
import type { DurableRecord, LogBatch } from './log-batch.js';
import { logMigrations } from './log-schema.js';
import type { Payload, StoredMessage } from './stored-message.js';

/**
 * Persistent messages in one SQLite file. What one turn of the event loop brings is one transaction; `write`
 * resolves after its commit and rejects with nothing changed. Writes are carried out in the order of the calls.
 *
 * Recovery is constant work: no row is read until somebody consumes. A process that did not close the log may
 * have delivered anything, so everything it left counts as redelivered.
 */
export interface MessageLog {
  /** Part of every `message-id`: one file, one name for ever. */
  readonly brokerId: string;
  readonly recovered: Recovered;
  /** Transactions committed so far. */
  readonly transactions: number;
  /** The next place in the order of arrival. @throws STORE_UNAVAILABLE */
  nextPosition(): number;
  /** The operation may run twice, so it touches nothing but the batch. @throws STORE_UNAVAILABLE */
  write(operation: (batch: LogBatch) => void): Promise<void>;
  /** Messages of a backlog in order, without payload: above `after`, up to and including `upTo`. */
  page(backlog: string, range: { after: number; upTo: number; limit: number }): StoredMessage[];
  load(positions: readonly number[]): Map<number, Payload>;
  /** Resolves when nothing is waiting to be written. */
  idle(): Promise<void>;
  /** Notes which waiting messages were delivered before, marks the clean end, closes the file. */
  close(deliveredBefore: Iterable<StoredMessage>): void;
}

interface Recovered {
  readonly backlogs: readonly RecoveredBacklog[];
  readonly durables: readonly DurableRecord[];
  /** Of all messages, overhead included. */
  readonly bytes: number;
}

export interface RecoveredBacklog {
  readonly backlog: string;
  readonly count: number;
  readonly bytes: number;
  readonly lastPosition: number;
}

/** Places are reserved on disk in blocks of this size, so that none is ever given out twice. */
const reservedBlock = 1_000_000;

/** Opens the file, made if need be. @throws STORE_LOCKED, STORE_NEWER, STORE_UNAVAILABLE, STORE_CORRUPT */
export function openMessageLog(path: string): MessageLog {
  const database = openDatabase({ path });
  try {
    return createMessageLog(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes over an open database. @throws STORE_NEWER, STORE_UNAVAILABLE, STORE_CORRUPT */
export function createMessageLog(database: Database): MessageLog {
  migrate(database, logMigrations);
  database.run(`INSERT OR IGNORE INTO broker VALUES (1, ?, 1, 0, 1)`, [randomUUID().slice(0, 8)]);
  // A subscription that is gone leaves nothing behind, whatever order its end and the last messages had.
  database.run(`DELETE FROM message WHERE backlog LIKE 'durable/%'
    AND backlog NOT IN (SELECT backlog FROM durable_subscription)`);
  const [state] = database.all('SELECT id, reserved, redelivered_below, clean FROM broker');
  let next = Number(state?.['reserved']);
  let reserved = next;
  const redeliveredBelow = state?.['clean'] === 1 ? Number(state['redelivered_below']) : next;
  database.run('UPDATE broker SET clean = 0, redelivered_below = ?', [redeliveredBelow]);
  const recovered = recover(database);
  let transactions = 0;

  const group = createGroupCommit<LogBatch>(async (work) => {
    const batch = createLogBatch();
    const result = await work(batch);
    if (batch.steps.length === 0) return result;
    database.transaction(() => {
      for (const step of batch.steps) database.run(step.sql, step.values);
    });
    transactions += 1;
    return result;
  });

  function markDelivered(positions: readonly number[]): void {
    database.run('UPDATE message SET redelivered = 1 WHERE position IN (SELECT value FROM json_each(?))', [
      JSON.stringify(positions),
    ]);
  }

  return {
    brokerId: String(state?.['id']),
    recovered,
    get transactions() {
      return transactions;
    },
    nextPosition() {
      if (next === reserved) {
        database.run('UPDATE broker SET reserved = ?', [next + reservedBlock]);
        reserved = next + reservedBlock;
      }
      next += 1;
      return next - 1;
    },
    write: (operation) => group.run(operation),
    page(backlog, { after, upTo, limit }) {
      return database
        .all(
          `SELECT position, number, redelivered, nacks, bytes FROM message WHERE backlog = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?`,
          [backlog, after, upTo, limit],
        )
        .map((row) => ({
          position: Number(row['position']),
          number: Number(row['number']),
          persistent: true,
          bytes: Number(row['bytes']),
          payload: undefined,
          heldBytes: 0,
          redelivered: row['redelivered'] === 1 || Number(row['position']) < redeliveredBelow,
          nacks: Number(row['nacks']),
        }));
    },
    load(positions) {
      const rows = database.all(
        'SELECT position, head, body FROM message WHERE position IN (SELECT value FROM json_each(?))',
        [JSON.stringify(positions)],
      );
      return new Map(
        rows.map((row) => [
          Number(row['position']),
          { head: toBuffer(row['head']), body: toBuffer(row['body']) },
        ]),
      );
    },
    idle: () => group.idle(),
    close(deliveredBefore) {
      try {
        database.transaction(() => {
          markDelivered(Array.from(deliveredBefore, ({ position }) => position));
          database.run('UPDATE broker SET clean = 1');
        });
      } finally {
        database.close();
      }
    },
  };
}

function recover(database: Database): Recovered {
  const backlogs = database
    .all(
      `SELECT backlog, count(*) AS count, sum(bytes) AS bytes, max(position) AS last
       FROM message GROUP BY backlog`,
    )
    .map((row) => ({
      backlog: String(row['backlog']),
      count: Number(row['count']),
      bytes: Number(row['bytes']),
      lastPosition: Number(row['last']),
    }));
  const durables = database
    .all('SELECT backlog, client_id, name, topic FROM durable_subscription')
    .map((row) => ({
      backlog: String(row['backlog']),
      clientId: String(row['client_id']),
      name: String(row['name']),
      topic: String(row['topic']),
    }));
  return { backlogs, durables, bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function toBuffer(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
