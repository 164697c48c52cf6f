/** The store in a SQLite file, for one process. */
import { dirname } from 'node:path';
import { ReplytoError } from '#core/errors.js';
import type { IdSource } from '#core/ports/id-source.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Database } from '#adapters/sqlite/database.js';
import { createSqliteDialect } from '#adapters/sqlite/dialect.js';
import { migrate } from '#adapters/sqlite/migrations.js';
import { sqliteStoreDialect } from './store-dialects.js';
import { makeFolders } from './make-folders.js';
import { storeMigrations } from './migrations.js';
import type { Identity, Store, StoreOptions } from './store.js';
import { composeStore, newIdentity, toIdentity } from './store.js';

export interface OpenStoreOptions extends StoreOptions {
  /** Path of the SQLite file, or `:memory:`; its folder is made. */
  readonly path: string;
}

/**
 * Opens the store, alone: a second process on the same file is refused.
 *
 * @throws STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE
 */
export function openStore({ path, ...options }: OpenStoreOptions): Store {
  if (path !== ':memory:') makeFolder(dirname(path));
  const database = openDatabase({ path });
  try {
    return createStore(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes over an open database. @throws STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE */
export function createStore(database: Database, options: StoreOptions): Store {
  migrate(database, storeMigrations);
  const identity = readIdentity(database, options.newId);
  // The exclusive lock proves that whoever was sending is gone, so its requests need not wait for a lease.
  database.run("UPDATE requests SET send_lease_until = 0 WHERE status = 'accepted'");
  database.run("UPDATE outbox SET next_at = 0 WHERE status = 'waiting' AND owner IS NOT NULL");
  database.run('UPDATE outgoing SET next_at = 0 WHERE owner IS NOT NULL');
  database.run('DELETE FROM duties');
  database.run('DELETE FROM instances');
  return composeStore(
    {
      dialect: createSqliteDialect(database),
      storeDialect: sqliteStoreDialect,
      identity,
      isShared: false,
      close: () => database.close(),
    },
    options,
  );
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReplytoError('STORE_UNAVAILABLE', {
      detail: `cannot make the folder ${folder}: ${reason}`,
      cause: error,
    });
  }
}

function readIdentity(database: Database, newId: IdSource): Identity {
  for (const [key, value] of newIdentity(newId)) {
    database.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING', [key, value]);
  }
  return toIdentity((key) => {
    const [row] = database.all('SELECT value FROM meta WHERE key = ?', [key]);
    return row?.['value'];
  });
}
