import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of its own on the PostgreSQL of the tests. */
export interface TestDatabase {
  readonly url: string;
  /** Of the server. */
  readonly version: string;
  /** Ids of the server's processes for connections to it. */
  serverProcesses(): Promise<number[]>;
  /** Names of the schemas that begin so. */
  schemas(prefix: string): Promise<string[]>;
  /** Where only this schema is seen, which is made if it is not there. */
  schemaUrl(schema: string): Promise<string>;
  /** Runs a statement in it, also when it takes no writes. */
  run(text: string): Promise<void>;
  /** Cuts all connections to it. */
  disconnect(): Promise<void>;
  /** Drops it. */
  remove(): Promise<void>;
}

const preset = 'postgres://root@127.0.0.1:5432/test';

/** That of TEST_DATABASE_URL, or the one that the benchmark takes by itself. */
export function givenDatabaseUrl(): string {
  const given = process.env['TEST_DATABASE_URL'];
  return given === undefined || given === '' ? preset : given;
}

/** @returns why there is none, in words, when the server cannot be reached or gives none */
export async function createTestDatabase(
  serverUrl = givenDatabaseUrl(),
): Promise<TestDatabase | { readonly unavailable: string }> {
  const name = `test_${randomBytes(4).toString('hex')}`;
  let url: URL;
  let version: string;
  try {
    url = new URL(serverUrl);
    version = (await ask(url, `SELECT current_setting('server_version') AS name`))[0]?.name ?? 'unknown';
    await ask(url, `CREATE DATABASE ${name}`);
  } catch (error) {
    return { unavailable: `no PostgreSQL: ${error instanceof Error ? error.message : String(error)}` };
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    version,
    async serverProcesses() {
      const found = await ask(
        url,
        `SELECT pid::text AS name FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
        [name],
      );
      return found.map((row) => Number(row.name));
    },
    async schemas(prefix) {
      const found = await ask(
        own,
        'SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, $1)',
        [prefix],
      );
      return found.map((row) => row.name);
    },
    async schemaUrl(schema) {
      await ask(own, `CREATE SCHEMA IF NOT EXISTS ${schema}`);
      const there = new URL(own);
      there.searchParams.set('options', `-c search_path=${schema}`);
      return there.href;
    },
    async run(text) {
      const writing = new URL(own);
      writing.searchParams.set('options', '-c default_transaction_read_only=off');
      await ask(writing, text);
    },
    async disconnect() {
      await ask(
        own,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    },
    async remove() {
      await ask(url, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function ask(url: URL, text: string, values: string[] = []): Promise<{ readonly name: string }[]> {
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<{ name: string }>(text, values)).rows;
  } finally {
    await client.end();
  }
}
