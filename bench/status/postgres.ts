/** Connections to PostgreSQL whose loss is told and ends nobody, and whose queries have a deadline. */
import pg from 'pg';

const connectWithinMs = 5_000;
const queryWithinMs = 20_000;

/** Not connected yet. `onLost` is told once of a connection that breaks; what is asked of it then rejects. */
export function createPostgresClient(config: pg.ClientConfig, onLost: (error: Error) => void): pg.Client {
  const client = new pg.Client({
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: queryWithinMs,
    ...config,
  });
  client.on('error', onLost);
  return client;
}

/** Connects all, or none: where one is refused, the others are ended. @throws Error of the first that failed */
export async function connectAll(clients: readonly pg.Client[]): Promise<void> {
  const outcomes = await Promise.allSettled(clients.map((client) => client.connect()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return;
  await endAll(clients);
  throw failed.reason;
}

/** Ends those that can be ended in order; a connection that is broken is gone already. */
export async function endAll(clients: readonly pg.Client[]): Promise<void> {
  await Promise.allSettled(clients.map((client) => client.end()));
}
