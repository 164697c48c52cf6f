import type { Migration } from '#adapters/sql/migration.js';
import { severalQueues } from './gathering-migration.js';

/** Numbered by place; a released step is never changed, only followed. */
export const storeMigrations: readonly Migration[] = [
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
  {
    name: 'the log of status events by project',
    sql: `
      CREATE TABLE project_events (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        project TEXT NOT NULL,
        id TEXT NOT NULL,
        sequence INTEGER,
        subject TEXT NOT NULL,
        is_request INTEGER NOT NULL,
        status TEXT,
        kind TEXT NOT NULL,
        time INTEGER NOT NULL,
        entered_at INTEGER NOT NULL,
        detail BLOB NOT NULL,
        UNIQUE (project, id)
      );
      CREATE INDEX project_events_unnumbered ON project_events (entry) WHERE sequence IS NULL;
      CREATE UNIQUE INDEX project_events_in_order ON project_events (project, sequence) WHERE sequence IS NOT NULL;
      CREATE INDEX project_events_by_subject ON project_events (project, subject, sequence) WHERE sequence IS NOT NULL;
      CREATE INDEX project_events_by_age ON project_events (entered_at);

      CREATE TABLE projects (
        project TEXT PRIMARY KEY,
        last INTEGER NOT NULL,
        published INTEGER NOT NULL,
        time INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX projects_by_time ON projects (time);
      CREATE INDEX projects_unpublished ON projects (project) WHERE published < last;

      CREATE TABLE project_subjects (
        project TEXT NOT NULL,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        time INTEGER NOT NULL,
        percent REAL,
        text BLOB,
        status TEXT,
        started_at INTEGER NOT NULL,
        is_request INTEGER NOT NULL,
        is_over INTEGER NOT NULL,
        PRIMARY KEY (project, subject)
      ) WITHOUT ROWID;
      CREATE INDEX project_subjects_by_sequence ON project_subjects (project, sequence);

      CREATE TABLE duties (
        duty TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        lease_until INTEGER NOT NULL
      ) WITHOUT ROWID;
    `,
  },
  {
    name: 'the number of subjects of each project',
    // Whoever lists projects asks for it, and counting reads an index entry for each of them.
    sql: `
      ALTER TABLE projects ADD COLUMN subjects INTEGER NOT NULL DEFAULT 0;
      UPDATE projects SET subjects =
        (SELECT count(*) FROM project_subjects WHERE project_subjects.project = projects.project);
    `,
  },
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
  severalQueues,
];
