/** The table by which publisher and clients meet in the database. */

/** An index finds what is new of one subject. The rows of one subject come from one writer, so `id` is in their order. */
export function createTable(schema: string): string {
  return `
    CREATE SCHEMA "${schema}";
    CREATE TABLE "${schema}".events (
      id bigint GENERATED ALWAYS AS IDENTITY,
      subject text NOT NULL,
      body jsonb NOT NULL,
      PRIMARY KEY (subject, id)
    );`;
}

/** Prepared once per connection. */
export const selectNew = {
  name: 'new events',
  text: 'SELECT id, body FROM events WHERE subject = $1 AND id > $2 ORDER BY id',
};

export const insert = {
  name: 'insert event',
  text: 'INSERT INTO events (subject, body) VALUES ($1, $2)',
};

export const insertAndNotify = {
  name: 'insert event and notify',
  text: `WITH event AS (INSERT INTO events (subject, body) VALUES ($1, $2) RETURNING id)
         SELECT pg_notify($3, id::text) FROM event`,
};

/** Of one subject. */
export function channelOf(subject: string): string {
  return `task_${subject}`;
}
