import { ReplytoError } from '#core/errors.js';
import type { Migration } from '#adapters/sql/migration.js';
import type { Database } from './database.js';

/**
 * Brings the schema up to date, all steps in one transaction.
 *
 * @throws STORE_NEWER when a newer version of the product wrote the file.
 */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  const [row] = database.all('PRAGMA user_version');
  const version = Number(row?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new ReplytoError('STORE_NEWER', {
      detail: `the database has schema ${version}, this version knows ${migrations.length}: use the newer version again, or an older backup`,
    });
  }
  if (version === migrations.length) return;
  database.transaction(() => {
    for (const { sql } of migrations.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version=${migrations.length}`);
  });
}
