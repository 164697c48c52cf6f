import type { Migration } from '#adapters/sql/migration.js';

/** Schema of the broker's own database file. */
export const logMigrations: readonly Migration[] = [
  {
    name: 'messages and durable subscriptions',
    sql: `
      CREATE TABLE broker (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        id TEXT NOT NULL,
        -- Positions below were handed out, or may have been.
        reserved INTEGER NOT NULL,
        -- Messages below may have been delivered by a process that did not end cleanly.
        redelivered_below INTEGER NOT NULL,
        clean INTEGER NOT NULL
      );
      CREATE TABLE message (
        position INTEGER PRIMARY KEY,
        backlog TEXT NOT NULL,
        number INTEGER NOT NULL,
        redelivered INTEGER NOT NULL,
        nacks INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        head BLOB NOT NULL,
        body BLOB NOT NULL
      );
      -- A backlog in order; with the bytes, so that a start need not read the messages.
      CREATE INDEX message_backlog ON message (backlog, position, bytes);
      CREATE TABLE durable_subscription (
        backlog TEXT PRIMARY KEY,
        client_id TEXT NOT NULL,
        name TEXT NOT NULL,
        topic TEXT NOT NULL
      ) WITHOUT ROWID;
    `,
  },
];
