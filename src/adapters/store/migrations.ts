import type { Migration } from '#adapters/sql/migration.js';
import { gatewayAndLetterSteps } from './migrations/gateways-and-letters.js';
import { requestReplySteps } from './migrations/request-reply.js';
import { statusLogSteps } from './migrations/status-log.js';
import { severalQueues } from './migrations/several-queues.js';

/** Numbered by place; a released step is never changed, only followed. */
export const storeMigrations: readonly Migration[] = [
  ...requestReplySteps,
  ...statusLogSteps,
  ...gatewayAndLetterSteps,
  {
    name: 'what was not as usual with a request, and who delivered its reply',
    // An incident references no request: that would lock the request, out of the order in which all lock them. Ids of strangers
    // may be longer than an index takes; those of requests are not.
    sql: `
      CREATE TABLE incidents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request_seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        time INTEGER NOT NULL,
        instance TEXT,
        detail BLOB NOT NULL
      );
      CREATE INDEX incidents_by_request ON incidents (request_seq, id);
      ALTER TABLE outbox ADD COLUMN ended_by TEXT;
      CREATE INDEX dead_letters_by_message ON dead_letters (message_id) WHERE length(message_id) <= 255;
      CREATE INDEX dead_letters_by_correlation ON dead_letters (correlation_id)
        WHERE length(correlation_id) <= 255;
    `,
  },
  severalQueues,
];
