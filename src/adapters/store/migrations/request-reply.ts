import type { Migration } from '#adapters/sql/migration.js';

/** Requests, replies, leases, and whose they are. Numbered by place in ../migrations.ts; a released step is never changed. */
export const requestReplySteps: readonly Migration[] = [
  {
    name: 'requests, replies, events, outbox, dead letters',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

      CREATE TABLE requests (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        queue TEXT NOT NULL,
        status TEXT NOT NULL,
        reply_to TEXT,
        one_way INTEGER NOT NULL,
        project TEXT,
        conversation_id TEXT,
        time INTEGER NOT NULL,
        fingerprint TEXT NOT NULL,
        content_digest TEXT,
        broker_expiry INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        sent_at INTEGER,
        replied_at INTEGER,
        expires_at INTEGER,
        final_at INTEGER,
        send_owner TEXT,
        send_lease_until INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        resend INTEGER NOT NULL,
        late INTEGER NOT NULL,
        verified INTEGER,
        progress BLOB,
        fault BLOB,
        replies INTEGER NOT NULL,
        events INTEGER NOT NULL,
        version INTEGER NOT NULL,
        headers BLOB NOT NULL,
        body BLOB NOT NULL
      );
      CREATE INDEX requests_by_status ON requests (status, seq);
      CREATE INDEX requests_by_queue ON requests (queue, seq);
      CREATE INDEX requests_by_project ON requests (project, seq) WHERE project IS NOT NULL;
      CREATE INDEX requests_by_expiry ON requests (expires_at) WHERE final_at IS NULL;
      CREATE INDEX requests_by_end ON requests (final_at) WHERE final_at IS NOT NULL;

      CREATE TABLE replies (
        request_seq INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        reply_id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        time INTEGER NOT NULL,
        late INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        fault BLOB,
        headers BLOB NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (request_seq, number),
        UNIQUE (request_seq, reply_id)
      );

      CREATE TABLE events (
        request_seq INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        time INTEGER NOT NULL,
        detail BLOB NOT NULL,
        PRIMARY KEY (request_seq, number),
        UNIQUE (request_seq, id)
      ) WITHOUT ROWID;

      CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request_seq INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
        reply_number INTEGER NOT NULL,
        queue TEXT NOT NULL,
        message_id TEXT NOT NULL,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at INTEGER NOT NULL,
        owner TEXT,
        last_error BLOB,
        created_at INTEGER NOT NULL,
        ended_at INTEGER
      );
      CREATE INDEX outbox_by_request ON outbox (request_seq);
      CREATE INDEX outbox_waiting ON outbox (next_at) WHERE status = 'waiting';

      CREATE TABLE dead_letters (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        queue TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        reason BLOB NOT NULL,
        headers BLOB NOT NULL,
        body BLOB NOT NULL
      );
      CREATE INDEX dead_letters_by_kind ON dead_letters (kind, received_at);

      CREATE TABLE handled (
        queue TEXT NOT NULL,
        message_id TEXT NOT NULL,
        deliveries INTEGER NOT NULL,
        headers BLOB,
        body BLOB,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (queue, message_id)
      );
      CREATE INDEX handled_by_age ON handled (updated_at);
    `,
  },
  {
    name: 'leases and outgoing messages',
    sql: `
      CREATE TABLE leases (
        id TEXT PRIMARY KEY,
        queue TEXT NOT NULL,
        holder TEXT,
        status TEXT NOT NULL,
        message_id TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        ended_at INTEGER,
        fingerprint TEXT,
        digest BLOB NOT NULL,
        message BLOB,
        body BLOB
      ) WITHOUT ROWID;
      CREATE INDEX leases_by_message ON leases (queue, message_id);
      CREATE INDEX leases_by_expiry ON leases (expires_at) WHERE status = 'held';
      CREATE INDEX leases_by_end ON leases (ended_at) WHERE ended_at IS NOT NULL;

      CREATE TABLE outgoing (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        queue TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at INTEGER NOT NULL,
        owner TEXT,
        last_error BLOB,
        created_at INTEGER NOT NULL,
        message BLOB NOT NULL,
        body BLOB NOT NULL
      );
      CREATE INDEX outgoing_due ON outgoing (next_at);
    `,
  },
  {
    name: 'requests of a queue or a project in one state',
    // Without them a list that finds nothing reads all requests of the queue, and nobody is served meanwhile.
    sql: `
      CREATE INDEX requests_by_queue_and_status ON requests (queue, status, seq);
      CREATE INDEX requests_by_project_and_status ON requests (project, status, seq) WHERE project IS NOT NULL;
    `,
  },
  {
    name: 'who posted a request',
    sql: `
      ALTER TABLE requests ADD COLUMN posted_by TEXT;
      CREATE INDEX requests_by_poster ON requests (posted_by, seq) WHERE posted_by IS NOT NULL;
    `,
  },
  {
    name: 'open requests of a name',
    // With both columns, because they are counted now and then: no row is read for that.
    sql: `
      CREATE INDEX requests_open_by_poster ON requests (posted_by, final_at)
        WHERE posted_by IS NOT NULL AND final_at IS NULL;
    `,
  },
  {
    name: 'what a look for work asks of a row',
    // A look passes over all that waits for a queue on hold: the index alone has to tell, or each row is read for that.
    sql: `
      CREATE INDEX requests_unsent ON requests (status, seq, queue, send_lease_until);
      DROP INDEX requests_by_status;
      DROP INDEX requests_by_queue_and_status;
      CREATE INDEX requests_by_queue_and_status ON requests (queue, status, seq, send_lease_until);
      CREATE INDEX outbox_to_deliver ON outbox (next_at, id, queue, request_seq) WHERE status = 'waiting';
      DROP INDEX outbox_waiting;
      CREATE INDEX outgoing_to_send ON outgoing (next_at, id, queue);
      DROP INDEX outgoing_due;
    `,
  },
];
