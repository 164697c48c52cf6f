import type { ConnectionProvider } from 'kysely';
import { DefaultQueryExecutor, Transaction } from 'kysely';
import type { Dialect } from 'kysely';
import type { Transact } from '#adapters/sql/group-commit.js';
import { toLent } from './dialect.js';
import { isDeadlock } from './errors.js';
import type { PostgresConnection, PostgresPool } from './pool.js';

/** Whoever was ended for a deadlock is tried again at once; the other one has what it waited for by then. */
const mostDeadlocks = 5;

/**
 * Runs work in transactions whose statements may follow each other without waiting for answers, which those of Kysely do not.
 * Work that was ended for a deadlock is run again.
 */
export function createTransact<Tables>(pool: PostgresPool, dialect: Dialect): Transact<Transaction<Tables>> {
  const compiler = dialect.createQueryCompiler();
  const adapter = dialect.createAdapter();
  const driver = dialect.createDriver();

  function toTransaction(connection: PostgresConnection): Transaction<Tables> {
    const lent = toLent(connection);
    const provider: ConnectionProvider = { provideConnection: (consumer) => consumer(lent) };
    const executor = new DefaultQueryExecutor(compiler, adapter, provider);
    return new Transaction<Tables>({ config: { dialect }, driver, dialect, executor });
  }

  async function once<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
    const connection = await pool.connect();
    try {
      // Whatever the database is set to: what follows a lock has to see what was committed before it was granted.
      await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      const result = await work(toTransaction(connection));
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      // On a connection that is gone there is nothing to take back, and what failed before is what matters.
      const { firstFailure } = connection;
      await connection.query('ROLLBACK').catch(() => undefined);
      throw firstFailure ?? error;
    } finally {
      connection.release();
    }
  }

  return async (work) => {
    for (let deadlocks = 0; ; deadlocks += 1) {
      try {
        return await once(work);
      } catch (error) {
        if (!isDeadlock(error) || deadlocks === mostDeadlocks) throw error;
      }
    }
  };
}
