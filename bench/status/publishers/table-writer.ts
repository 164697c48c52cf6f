import { createLine } from '../in-line.js';
import { connectAll, createPostgresClient, endAll } from '../postgres.js';
import { channelOf, insert, insertAndNotify } from '../status-table.js';
import { toEventBody } from './event-body.js';
import { createPublisher } from './publisher.js';
import type { Publisher } from './publisher.js';

export interface TableWriterOptions {
  readonly url: string;
  readonly schema: string;
  readonly notifies: boolean;
}

/** Enough for the server to put several commits into one write of its log. */
const connections = 8;

/** Inserts each event in a transaction of its own; the events of one task go by one connection, which keeps their order. */
export async function connectTableWriter({ url, schema, notifies }: TableWriterOptions): Promise<Publisher> {
  const all = Array.from({ length: connections }, () => ({
    client: createPostgresClient(
      {
        connectionString: url,
        application_name: `${schema}-publisher`,
        options: `-c search_path=${schema}`,
      },
      // The event that finds it broken fails, and is counted by that.
      () => undefined,
    ),
    line: createLine(),
  }));
  const clients = all.map(({ client }) => client);
  await connectAll(clients);
  return createPublisher(
    async (event) => {
      const connection = all[event.client % all.length];
      if (connection === undefined) throw new Error('no connection was opened');
      const values = [event.subject, toEventBody(event)];
      await connection.line(() =>
        connection.client.query(
          notifies
            ? { ...insertAndNotify, values: [...values, channelOf(event.subject)] }
            : { ...insert, values },
        ),
      );
    },
    () => endAll(clients),
  );
}
