import { Socket } from 'node:net';
import type pg from 'pg';
import { createLine } from '../in-line.js';
import type { Line } from '../in-line.js';
import { connectAll, createPostgresClient, endAll } from '../postgres.js';
import { stepOf } from '../schedule.js';
import { channelOf, selectNew } from '../status-table.js';
import type { Client, ClientContext, Clients } from './client.js';
import { wordsOf } from '../../tools/words.js';
import { createRegularClient } from './regularly.js';

/**
 * Reads what is new since its last row. Each client has a connection of its own as far as the server has places;
 * above that they share, as behind a connection pooler.
 */
export async function createQueryClients(context: ClientContext, everyMs: number): Promise<Clients> {
  const { measurement, recorder } = context;
  const connections = await openConnections(context);
  return {
    all: measurement.subjects.map((subject, index) => {
      const read = createRowReader(context, connections.of(index), { subject, index });
      return createRegularClient({
        ...{ everyMs, index, seed: measurement.seed, failed: recorder.failed },
        look: read,
      });
    }),
    addresses: [],
    close: connections.close,
  };
}

/** The same query, but only after a notification of the server, and once at the start. */
export async function createNotifiedClients(context: ClientContext): Promise<Clients> {
  const { measurement, recorder } = context;
  const connections = await openConnections(context);
  const listeners = new Map<string, () => void>();
  for (const { client } of connections.all) {
    client.on('notification', ({ channel }) => listeners.get(channel)?.());
  }
  return {
    all: measurement.subjects.map((subject, index): Client => {
      const connection = connections.of(index);
      const read = createRowReader(context, connection, { subject, index });
      const channel = channelOf(subject);
      let reading = Promise.resolve();
      const readNext = (): void => {
        reading = reading.then(read).catch((error: unknown) => recorder.failed(wordsOf(error)));
      };
      return {
        async start() {
          listeners.set(channel, readNext);
          await connection.line(() => connection.client.query(`LISTEN "${channel}"`));
          // What came before the server knew that somebody listens.
          readNext();
          await reading;
        },
        async stop() {
          listeners.delete(channel);
          await connection.line(() => connection.client.query(`UNLISTEN "${channel}"`));
          await reading;
        },
      };
    }),
    addresses: [],
    close: connections.close,
  };
}

function createRowReader(
  { recorder }: ClientContext,
  { client, line }: Connection,
  { subject, index }: { readonly subject: string; readonly index: number },
): () => Promise<void> {
  let position = '0';
  return async () => {
    const { rows } = await line(() =>
      client.query<{ id: string; body: { text: string } }>({ ...selectNew, values: [subject, position] }),
    );
    let news = false;
    for (const { id, body } of rows) {
      position = id;
      if (recorder.learned(index, stepOf(body.text))) news = true;
    }
    recorder.asked(!news);
  };
}

interface Connection {
  readonly client: pg.Client;
  readonly line: Line;
}

interface Connections {
  readonly all: readonly Connection[];
  of(index: number): Connection;
  readonly close: () => Promise<void>;
}

async function openConnections({ measurement, recorder, meter }: ClientContext): Promise<Connections> {
  const { surroundings, subjects, id } = measurement;
  const { database } = surroundings;
  if (database === null) throw new Error('there is no database');
  const all = Array.from({ length: Math.min(subjects.length, database.connections) }, () => ({
    client: createPostgresClient(
      {
        connectionString: database.url,
        application_name: `${database.schema}-${id}`,
        options: `-c search_path=${database.schema}`,
        stream: () => meter.watch(new Socket()),
      },
      (error) => recorder.failed(wordsOf(error)),
    ),
    line: createLine(),
  }));
  const clients = all.map(({ client }) => client);
  await connectAll(clients);
  return {
    all,
    of(index) {
      const connection = all[index % all.length];
      if (connection === undefined) throw new Error('no connection was opened');
      return connection;
    },
    close: () => endAll(clients),
  };
}
