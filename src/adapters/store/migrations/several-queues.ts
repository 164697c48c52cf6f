import type { Migration } from '#adapters/sql/migration.js';

/** A step of ../migrations.ts. */
export const severalQueues: Migration = {
  name: 'requests to several queues',
  // News are added and removed, never changed: children that end at the same time do not wait for each other.
  sql: `
    ALTER TABLE requests ADD COLUMN parent_id TEXT;
    ALTER TABLE requests ADD COLUMN children INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX requests_by_parent ON requests (parent_id, seq) WHERE parent_id IS NOT NULL;
    CREATE INDEX requests_gathering ON requests (expires_at) WHERE children > 0 AND final_at IS NULL;
    CREATE INDEX requests_gathered ON requests (final_at) WHERE children > 0 AND final_at IS NOT NULL;

    CREATE TABLE gatherings (
      id TEXT PRIMARY KEY,
      expect INTEGER NOT NULL,
      stall_ms INTEGER,
      total_at INTEGER
    ) WITHOUT ROWID;

    CREATE TABLE gathering_news (
      entry INTEGER PRIMARY KEY AUTOINCREMENT,
      parent_id TEXT NOT NULL,
      due_at INTEGER NOT NULL
    );
    CREATE INDEX gathering_news_of ON gathering_news (parent_id);
    CREATE INDEX gathering_news_due ON gathering_news (due_at, parent_id);
  `,
};
