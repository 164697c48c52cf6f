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
  const nameOf = createStatementNames();
  return {
    init: () => Promise.resolve(),
    acquireConnection: async () => toLent(await pool.connect(), nameOf),
    releaseConnection: (lent) => {
      (lent as Lent).connection.release();
      return Promise.resolve();
    },
    // Whatever the database is set to: what follows a lock has to see what was committed before it was granted.
    beginTransaction: (lent) => run(lent, 'BEGIN ISOLATION LEVEL READ COMMITTED'),
    commitTransaction: (lent) => run(lent, 'COMMIT'),
    // On a connection that is gone there is nothing to take back, and what failed before is what matters.
    rollbackTransaction: (lent) => run(lent, 'ROLLBACK').catch(() => undefined),
    destroy: () => pool.close(),
  };
}

async function run(lent: DatabaseConnection, text: string): Promise<void> {
  await (lent as Lent).connection.query(text);
}

function toLent(connection: PostgresConnection, nameOf: (sql: string) => string | undefined): Lent {
  return {
    connection,
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = await connection.query<R>(sql, parameters, { name: nameOf(sql) });
      return { rows, numAffectedRows: BigInt(changes) };
    },
    // eslint-disable-next-line require-yield -- streaming is not offered
    async *streamQuery() {
      await Promise.resolve();
      throw new Error('streaming queries are not used');
    },
  };
}

/** Each connection keeps its statements prepared until it ends, so there must not be too many. */
const mostPrepared = 300;

/** Names the statements that come first; a shape that comes once, such as a list of a length of its own, is one of few. */
function createStatementNames(): (sql: string) => string | undefined {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= mostPrepared) return known;
    const name = `s${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}
