import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
} from 'kysely';
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { PostgresConnection, PostgresPool } from './pool.js';

/** Kysely on a {@link PostgresPool}: statements that are run again and again stay prepared, broken connections are let go. */
export function createPostgresDialect(pool: PostgresPool): Dialect {
  return {
    createAdapter: (): DialectAdapter => new PostgresAdapter(),
    createDriver: (): Driver => createDriver(pool),
    createIntrospector: (db: Kysely<never>): DatabaseIntrospector => new PostgresIntrospector(db),
    createQueryCompiler: (): QueryCompiler => new PostgresQueryCompiler(),
  };
}

type Lent = DatabaseConnection & { readonly connection: PostgresConnection };

function createDriver(pool: PostgresPool): Driver {
  return {
    init: () => Promise.resolve(),
    acquireConnection: async () => toLent(await pool.connect()),
    releaseConnection: (lent) => {
      (lent as Lent).connection.release();
      return Promise.resolve();
    },
    beginTransaction: notHere,
    commitTransaction: notHere,
    rollbackTransaction: notHere,
    destroy: () => pool.close(),
  };
}

/** Transactions are made by transaction.ts, which lets their statements follow each other without waiting. */
function notHere(): Promise<void> {
  return Promise.reject(new Error('transactions are made by createTransact'));
}

export function toLent(connection: PostgresConnection): Lent {
  return {
    connection,
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = await connection.query<R>(sql, parameters);
      return { rows, numAffectedRows: BigInt(changes) };
    },
    // eslint-disable-next-line require-yield -- streaming is not offered
    async *streamQuery() {
      await Promise.resolve();
      throw new Error('streaming queries are not used');
    },
  };
}
