import pg from 'pg';
import { createLine } from '../in-line.js';
import { channelOf, insert, insertAndNotify } from '../status-table.js';
import { toEventBody } from './event-body.js';
import { createPublisher } from './publisher.js';
import type { Publisher } from './publisher.js';

export interface TableWriterOptions {
  readonly url: string;
  readonly schema: string;
  readonly notifies: boolean;
}

/** Inserts each event in a transaction of its own, by one connection, which keeps them in order. */
export async function connectTableWriter({ url, schema, notifies }: TableWriterOptions): Promise<Publisher> {
  const connection = new pg.Client({
    connectionString: url,
    application_name: `${schema}-publisher`,
    options: `-c search_path=${schema}`,
  });
  await connection.connect();
  const line = createLine();
  return createPublisher(
    async (event) => {
      const values = [event.subject, toEventBody(event)];
      await line(() =>
        connection.query(
          notifies
            ? { ...insertAndNotify, values: [...values, channelOf(event.subject)] }
            : { ...insert, values },
        ),
      );
    },
    () => connection.end(),
  );
}
