import type { Migration } from '#adapters/sql/migration.js';

/** Several gateways, and letters that people look at. Numbered by place in ../migrations.ts; a released step is never changed. */
export const gatewayAndLetterSteps: readonly Migration[] = [
  {
    name: 'instances, and which of them did what',
    sql: `
      CREATE TABLE instances (
        id TEXT PRIMARY KEY,
        started_at INTEGER NOT NULL,
        version TEXT NOT NULL,
        agreed BLOB NOT NULL,
        lease_until INTEGER NOT NULL
      ) WITHOUT ROWID;
      ALTER TABLE requests ADD COLUMN accepted_by TEXT;
      ALTER TABLE events ADD COLUMN instance TEXT;
    `,
  },
  {
    name: 'letters that can be looked at, edited and sent again',
    // Made anew, so that a list reads what it shows and none of the bodies behind it.
    sql: `
      CREATE TABLE letters (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        queue TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        message_id TEXT,
        correlation_id TEXT,
        delivery_id INTEGER,
        version INTEGER NOT NULL DEFAULT 1,
        edited_at INTEGER,
        reason BLOB NOT NULL,
        headers BLOB NOT NULL,
        block BLOB,
        body BLOB NOT NULL
      );
      INSERT INTO letters (id, kind, queue, received_at, reason, headers, body)
        SELECT id, kind, queue, received_at, reason, headers, body FROM dead_letters ORDER BY seq;
      DROP TABLE dead_letters;
      ALTER TABLE letters RENAME TO dead_letters;
      CREATE INDEX dead_letters_by_kind ON dead_letters (kind, received_at);
      CREATE INDEX dead_letters_in_order ON dead_letters (kind, seq, queue, received_at);
      CREATE INDEX dead_letters_of_queue ON dead_letters (kind, queue, seq, received_at);
    `,
  },
  {
    name: 'further queues that wait for the reply of a request',
    sql: 'ALTER TABLE requests ADD COLUMN awaiting INTEGER NOT NULL DEFAULT 0;',
  },
];
