/** The store in a PostgreSQL database, for any number of processes. */
import { createDatabaseClock } from '#adapters/postgres/database-clock.js';
import { createPostgresDialect } from '#adapters/postgres/dialect.js';
import { migrate } from '#adapters/postgres/migrations.js';
import type { PostgresConnection, PostgresOptions, PostgresPool } from '#adapters/postgres/pool.js';
import { createPostgresPool } from '#adapters/postgres/pool.js';
import { createTransact } from '#adapters/postgres/transaction.js';
import { ReplytoError } from '#core/errors.js';
import type { IdSource } from '#core/ports/id-source.js';
import { storeMigrations } from './migrations.js';
import type { Tables } from './schema.js';
import { postgresStoreDialect } from './store-dialects.js';
import type { Identity, Store, StoreOptions } from './store.js';
import { composeStore, newIdentity, toIdentity } from './store.js';

export interface OpenPostgresStoreOptions extends StoreOptions, PostgresOptions {
  /** Whether instants are those of the database instead of the clock given; default true. */
  readonly usesDatabaseTime?: boolean;
}

/** Of the pool: one for the commits, one for the moment in which that has to be replaced. */
const ownConnections = 2;

/**
 * Opens the store. Others may have it open; whatever one of them was sending when it died is found by its lease.
 *
 * @throws STORE_NEWER, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function openPostgresStore(options: OpenPostgresStoreOptions): Promise<Store> {
  const pool = createPostgresPool({
    ...options,
    poolSize: Math.max(1, (options.poolSize ?? 10) - ownConnections),
  });
  // Whoever reads much must not keep commits waiting for a connection.
  const commitPool = createPostgresPool({ ...options, poolSize: ownConnections });
  const closeBoth = async (): Promise<void> => {
    await Promise.all([pool.close(), commitPool.close()]);
  };
  try {
    await migrate(pool, storeMigrations, requireNobody);
    const identity = await readIdentity(pool, options.newId);
    const time =
      options.usesDatabaseTime === false ? undefined : await createDatabaseClock(pool, options.clock);
    const dialect = createPostgresDialect(pool);
    const transact = createTransact<Tables>(commitPool, dialect);
    const transactApart = createTransact<Tables>(pool, dialect);
    return composeStore(
      {
        dialect,
        storeDialect: postgresStoreDialect,
        transact: async (work) => {
          await time?.ensure();
          return transact(work);
        },
        transactApart: async (work) => {
          await time?.ensure();
          return transactApart(work);
        },
        identity,
        isShared: true,
        close: async () => {
          time?.stop();
          await closeBoth();
        },
      },
      { ...options, clock: time?.clock ?? options.clock },
    );
  } catch (error) {
    await closeBoth();
    throw error;
  }
}

/** Whoever runs knows the present schema only. @throws INSTANCE_CONFLICT */
async function requireNobody(connection: PostgresConnection): Promise<void> {
  const there = await connection.query<{ found: string | null }>(
    "SELECT to_regclass('instances')::text AS found",
  );
  // Versions before there were any had nobody beside them.
  if (there.rows.every(({ found }) => found === null)) return;
  const { rows } = await connection.query<{ id: string }>(
    'SELECT id FROM instances WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000',
  );
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id).join(', ');
  throw new ReplytoError('INSTANCE_CONFLICT', {
    detail: `this version has a newer schema of the database than the gateways that run (instances ${ids}): stop them first`,
  });
}

async function readIdentity(pool: PostgresPool, newId: IdSource): Promise<Identity> {
  const connection = await pool.connect();
  try {
    for (const [key, value] of newIdentity(newId)) {
      await connection.query('INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        key,
        value,
      ]);
    }
    const { rows } = await connection.query<{ key: string; value: Buffer }>('SELECT key, value FROM meta');
    return toIdentity((key) => rows.find((row) => row.key === key)?.value);
  } finally {
    connection.release();
  }
}
