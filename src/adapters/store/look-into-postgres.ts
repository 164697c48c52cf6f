/** What can be learned of a store in PostgreSQL without changing anything. */
import { createPostgresPool } from '#adapters/postgres/pool.js';
import type { PostgresConnection, PostgresOptions } from '#adapters/postgres/pool.js';
import { ReplytoError } from '#core/errors.js';
import type { Role } from '#core/roles.js';
import { missingRoles } from '#core/roles.js';
import { rolesOf } from './instances.js';
import { storeMigrations } from './migrations.js';

export interface PostgresLook {
  /** Where it is, without secrets. */
  readonly where: string;
  /** Of the server, such as `15.9`. */
  readonly serverVersion: string;
  /** Undefined when no gateway has started with it yet. */
  readonly storeId: string | undefined;
  /** Whether its tables are of an older version, which the next start brings up to date. */
  readonly isOlder: boolean;
  /** Processes that have it open now. */
  readonly instances: number;
  /** What none of them does; empty where there is none at all. */
  readonly missingRoles: readonly Role[];
  /** Requests that wait for a reply, or to be sent. */
  readonly openRequests: number;
  readonly maxConnections: number;
  /** Whether a commit is on the disk when it is confirmed. */
  readonly isDurable: boolean;
}

/** @throws STORE_UNAVAILABLE, STORE_NEWER */
export async function lookIntoPostgres(options: PostgresOptions): Promise<PostgresLook> {
  const pool = createPostgresPool({ ...options, poolSize: 1 });
  try {
    const connection = await pool.connect();
    try {
      return { where: pool.where, ...(await serverFacts(connection)), ...(await storeFacts(connection)) };
    } finally {
      connection.release();
    }
  } finally {
    await pool.close();
  }
}

async function serverFacts(
  connection: PostgresConnection,
): Promise<Pick<PostgresLook, 'serverVersion' | 'maxConnections' | 'isDurable'>> {
  const { rows } = await connection.query<Record<'version' | 'connections' | 'commit' | 'fsync', string>>(
    `SELECT current_setting('server_version') AS version, current_setting('max_connections') AS connections,
      current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync`,
  );
  const [facts] = rows;
  return {
    serverVersion: facts?.version ?? '',
    maxConnections: Number(facts?.connections ?? 0),
    isDurable: facts?.commit !== 'off' && facts?.fsync !== 'off',
  };
}

async function storeFacts(
  connection: PostgresConnection,
): Promise<Pick<PostgresLook, 'storeId' | 'isOlder' | 'instances' | 'missingRoles' | 'openRequests'>> {
  const none = { storeId: undefined, isOlder: false, instances: 0, missingRoles: [], openRequests: 0 };
  const there = await connection.query<{ found: string | null }>(
    "SELECT to_regclass('replyto_schema')::text AS found",
  );
  if (there.rows.every(({ found }) => found === null)) return none;
  const { rows: versions } = await connection.query<{ version: number }>(
    'SELECT version FROM replyto_schema',
  );
  const version = versions[0]?.version ?? 0;
  if (version > storeMigrations.length) {
    const detail = `the database has schema ${version}, this version knows ${storeMigrations.length}`;
    throw new ReplytoError('STORE_NEWER', { detail });
  }
  const { rows: live } = await connection.query<{ agreed: Buffer }>(
    'SELECT agreed FROM instances WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000',
  );
  const { rows } = await connection.query<{ id: Buffer | null; open: number }>(
    `SELECT (SELECT value FROM meta WHERE key = 'id') AS id,
      (SELECT count(*) FROM requests WHERE status IN ('accepted', 'sent')) AS open`,
  );
  return {
    storeId: rows[0]?.id?.toString('utf8'),
    isOlder: version < storeMigrations.length,
    instances: live.length,
    missingRoles: live.length === 0 ? [] : missingRoles(live.flatMap(({ agreed }) => rolesOf(agreed))),
    openRequests: rows[0]?.open ?? 0,
  };
}
