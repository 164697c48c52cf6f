/** The PostgreSQL of one run: a schema of its own, dropped at the end. */
import { randomBytes } from 'node:crypto';
import type { DatabasePlace } from './clients/client.js';
import { cpuSecondsOf } from '../tools/cpu.js';
import { createLine } from './in-line.js';
import { connectAll, createPostgresClient } from './postgres.js';
import { createTable } from './status-table.js';

export interface BenchDatabase {
  readonly place: DatabasePlace;
  readonly version: string;
  /** CPU seconds so far of the server processes of this run's connections; null when they run elsewhere. */
  cpuSeconds(): Promise<number | null>;
  /** Drops the schema. */
  close(): Promise<void>;
}

const mostConnections = 50;
/** Left to others, and to the publishers. */
const sparedConnections = 30;

/** @throws Error of the driver when there is none at that address, or it has no room */
export async function openDatabase(url: string): Promise<BenchDatabase> {
  const schema = `status_bench_${randomBytes(4).toString('hex')}`;
  const config = { connectionString: url, application_name: schema };
  // One that was lost meanwhile must not keep the schema from being dropped.
  let isLost = false;
  let connection = createPostgresClient(config, () => (isLost = true));
  await connectAll([connection]);

  async function reconnect(): Promise<void> {
    if (!isLost) return;
    const next = createPostgresClient(config, () => (isLost = true));
    await connectAll([next]);
    connection = next;
    isLost = false;
  }

  const { rows } = await connection.query<{ version: string; most: number; used: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('max_connections')::int AS most,
            (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used`,
  );
  const [server] = rows;
  const connections = Math.min(
    mostConnections,
    (server?.most ?? 0) - (server?.used ?? 0) - sparedConnections,
  );
  if (server === undefined || connections < 1) throw new Error('the server has no connections to spare');
  await connection.query(createTable(schema));

  const line = createLine();

  async function serverProcesses(): Promise<number[]> {
    const { rows: found } = await line(async () => {
      await reconnect();
      return connection.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE application_name LIKE $1',
        [`${schema}-%`],
      );
    });
    return found.map(({ pid }) => pid);
  }

  return {
    place: { url, schema, connections },
    version: server.version,
    cpuSeconds: async () => cpuSecondsOf('postgres', await serverProcesses()),
    async close() {
      await line(async () => {
        await reconnect();
        await connection.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
        await connection.end();
      });
    },
  };
}
