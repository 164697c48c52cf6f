/** The store in a PostgreSQL database, for any number of processes. */
import { createGroupCommit } from '#adapters/sql/group-commit.js';
import type { Transact } from '#adapters/sql/group-commit.js';
import { createDatabaseClock } from '#adapters/postgres/database-clock.js';
import { createPostgresDialect } from '#adapters/postgres/dialect.js';
import { isDeadlock } from '#adapters/postgres/errors.js';
import { migrate } from '#adapters/postgres/migrations.js';
import type { PostgresConnection, PostgresOptions, PostgresPool } from '#adapters/postgres/pool.js';
import { createPostgresPool } from '#adapters/postgres/pool.js';
import { ReplytoError } from '#core/errors.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Tx } from './context.js';
import { storeMigrations } from './migrations.js';
import { postgresStoreDialect } from './store-dialects.js';
import type { Identity, Store, StoreOptions } from './store.js';
import { composeStore, newIdentity, toIdentity } from './store.js';

export interface OpenPostgresStoreOptions extends StoreOptions, PostgresOptions {
  /** Whether instants are those of the database instead of the clock given; default true. */
  readonly usesDatabaseTime?: boolean;
}

/** Whoever was ended for a deadlock is tried again at once; the other one has what it waited for by then. */
const mostDeadlocks = 5;

/**
 * Opens the store. Others may have it open; whatever one of them was sending when it died is found by its lease.
 *
 * @throws STORE_NEWER, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function openPostgresStore(options: OpenPostgresStoreOptions): Promise<Store> {
  const pool = createPostgresPool(options);
  try {
    await migrate(pool, storeMigrations, requireNobody);
    const identity = await readIdentity(pool, options.newId);
    const time =
      options.usesDatabaseTime === false ? undefined : await createDatabaseClock(pool, options.clock);
    return composeStore(
      {
        dialect: createPostgresDialect(pool),
        storeDialect: postgresStoreDialect,
        groupCommit: (transact) => createGroupCommit(pastDeadlocks(transact), { inOrderOfKeys: true }),
        identity,
        isShared: true,
        close: async () => {
          time?.stop();
          await pool.close();
        },
      },
      { ...options, clock: time?.clock ?? options.clock },
    );
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Whoever runs knows the present schema only. @throws INSTANCE_CONFLICT */
async function requireNobody(connection: PostgresConnection): Promise<void> {
  const { rows } = await connection.query<{ id: string }>(
    'SELECT id FROM instances WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000',
  );
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id).join(', ');
  throw new ReplytoError('INSTANCE_CONFLICT', {
    detail: `this version has a newer schema of the database than the gateways that run (instances ${ids}): stop them first`,
  });
}

function pastDeadlocks(transact: Transact<Tx>): Transact<Tx> {
  return async (work) => {
    for (let deadlocks = 0; ; deadlocks += 1) {
      try {
        return await transact(work);
      } catch (error) {
        if (!isDeadlock(error) || deadlocks === mostDeadlocks) throw error;
      }
    }
  };
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
