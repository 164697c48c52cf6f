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
import { SqliteAdapter, SqliteIntrospector } from 'kysely';
import type { Database, SqlValue } from './database.js';
import { LocklessQueryCompiler } from './query-compiler.js';

/** Kysely on an open {@link Database}: its statement cache and its bind and read layer serve every query. */
export function createSqliteDialect(database: Database): Dialect {
  return {
    createAdapter: (): DialectAdapter => new SqliteAdapter(),
    createDriver: (): Driver => createDriver(database),
    createIntrospector: (db: Kysely<never>): DatabaseIntrospector => new SqliteIntrospector(db),
    createQueryCompiler: (): QueryCompiler => new LocklessQueryCompiler(),
  };
}

/** One connection, lent to one user at a time: nobody reads what a running transaction may roll back. */
function createDriver(database: Database): Driver {
  const connection = createConnection(database);
  const waiting: (() => void)[] = [];
  let lent = false;
  return {
    init: () => Promise.resolve(),
    acquireConnection: async () => {
      if (lent) await new Promise<void>((resolve) => waiting.push(resolve));
      lent = true;
      return connection;
    },
    releaseConnection: () => {
      const next = waiting.shift();
      // Handed over without a gap, so that nobody slips in between.
      if (next === undefined) lent = false;
      else next();
      return Promise.resolve();
    },
    beginTransaction: () => done(() => database.run('BEGIN IMMEDIATE')),
    commitTransaction: () => done(() => database.run('COMMIT')),
    rollbackTransaction: () => done(() => database.rollback()),
    destroy: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

/** What `work` throws becomes a rejection, as Kysely expects it. */
function done(work: () => void): Promise<void> {
  return new Promise((resolve) => {
    work();
    resolve();
  });
}

function createConnection(database: Database): DatabaseConnection {
  return {
    executeQuery<R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> {
      return new Promise((resolve) => {
        const values = parameters as readonly SqlValue[];
        const returnsRows =
          query.kind === 'SelectQueryNode' ||
          query.kind === 'RawNode' ||
          ('returning' in query && Boolean(query.returning));
        if (returnsRows) {
          resolve({ rows: database.all(sql, values) as R[] });
        } else {
          const { changes } = database.run(sql, values);
          resolve({ rows: [], numAffectedRows: BigInt(changes) });
        }
      });
    },
    // eslint-disable-next-line require-yield -- streaming is not offered
    async *streamQuery() {
      await Promise.resolve();
      throw new Error('streaming queries are not used');
    },
  };
}
