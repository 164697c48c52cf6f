import { ReplytoError } from '#core/errors.js';
import type { Migration } from '#adapters/sql/migration.js';
import type { PostgresConnection, PostgresPool } from './pool.js';
import { toPostgresSchema } from './schema-text.js';

/** However long a step takes on tables that have grown, and however long another instance takes for it. */
const migrationMs = 3_600_000;

/**
 * Brings the schema up to date, all steps in one transaction. Instances that start together wait for each other.
 *
 * @param mayChange throws when what runs with the present schema would not bear another one
 * @throws STORE_NEWER when a newer version of the product wrote the database; STORE_UNAVAILABLE
 */
export async function migrate(
  pool: PostgresPool,
  migrations: readonly Migration[],
  mayChange: (connection: PostgresConnection) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const connection = await pool.connect();
  const run = (sql: string): Promise<unknown> => connection.query(sql, [], { timeoutMs: migrationMs });
  try {
    await requireSchema(connection, pool.where);
    await run('BEGIN');
    try {
      await run('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
      // For this schema: several deployments may share a database.
      await run("SELECT pg_advisory_xact_lock(hashtext('replyto schema'), hashtext(current_schema()))");
      // To make it, and even to ask for it to be made, takes a right that is not needed afterwards.
      if (!(await hasTables(connection))) await run('CREATE TABLE replyto_schema (version INTEGER NOT NULL)');
      await applySteps(connection, { run, migrations, mayChange });
      await run('COMMIT');
    } catch (error) {
      await run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  } finally {
    connection.release();
  }
}

interface Steps {
  readonly run: (sql: string) => Promise<unknown>;
  readonly migrations: readonly Migration[];
  readonly mayChange: (connection: PostgresConnection) => Promise<void>;
}

async function applySteps(
  connection: PostgresConnection,
  { run, migrations, mayChange }: Steps,
): Promise<void> {
  const { rows } = await connection.query<{ version: number }>('SELECT version FROM replyto_schema');
  const version = rows[0]?.version ?? 0;
  if (version > migrations.length) {
    throw new ReplytoError('STORE_NEWER', {
      detail: `the database has schema ${version}, this version knows ${migrations.length}: use the newer version again, or an older backup`,
    });
  }
  if (version === migrations.length) return;
  if (version > 0) await mayChange(connection);
  for (const { sql } of migrations.slice(version)) await run(toPostgresSchema(sql));
  await run(
    version === 0
      ? `INSERT INTO replyto_schema (version) VALUES (${migrations.length})`
      : `UPDATE replyto_schema SET version = ${migrations.length}`,
  );
}

async function hasTables(connection: PostgresConnection): Promise<boolean> {
  const { rows } = await connection.query<{ found: string | null }>(
    "SELECT to_regclass('replyto_schema')::text AS found",
  );
  return rows.some(({ found }) => found !== null);
}

async function requireSchema(connection: PostgresConnection, where: string): Promise<void> {
  const { rows } = await connection.query<{ name: string | null; path: string }>(
    "SELECT current_schema() AS name, current_setting('search_path') AS path",
  );
  const [found] = rows;
  if (found !== undefined && found.name !== null) return;
  throw new ReplytoError('STORE_UNAVAILABLE', {
    detail: `${where}: none of the schemas in search_path (${found?.path ?? ''}) is there: make one with CREATE SCHEMA, or change search_path`,
  });
}
