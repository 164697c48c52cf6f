import { openDatabase } from '#adapters/sqlite/database.js';

export interface PendingRequests {
  /** The database of a gateway that does not run. */
  readonly path: string;
  readonly queue: string;
  readonly count: number;
  /** Epoch milliseconds; null = they never expire. */
  readonly expiresAt: number | null;
}

/**
 * Puts requests that were sent and have no reply into a store, with ids `{queue}-1` and so on: a million of them by
 * HTTP would take many minutes.
 */
export function addPendingRequests({ path, queue, count, expiresAt }: PendingRequests): void {
  const database = openDatabase({ path });
  try {
    const headers = Buffer.from('{"contentType":"application/json","properties":{},"applicationHeaders":{}}');
    const now = Date.now();
    database.transaction(() => {
      database.run(
        `INSERT INTO requests (id, queue, status, one_way, time, fingerprint, broker_expiry, created_at, sent_at,
           expires_at, send_lease_until, attempts, resend, late, replies, events, version, headers, body)
         WITH RECURSIVE numbers (number) AS (
           SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
         SELECT ? || '-' || number, ?, 'sent', 0, ?, 'of ' || number, 0, ?, ?, ?, 0, 1, 0, 0, 0, 1, 1, ?, ?
         FROM numbers`,
        [count, queue, queue, now, now, now, expiresAt, headers, Buffer.from('{"an":"order"}')],
      );
      database.run(
        `INSERT INTO events (request_seq, number, id, kind, time, detail)
         SELECT seq, 1, '1', 'log', created_at, ? FROM requests WHERE queue = ?`,
        [Buffer.from('{"text":"accepted","data":null}'), queue],
      );
    });
  } finally {
    database.close();
  }
}
