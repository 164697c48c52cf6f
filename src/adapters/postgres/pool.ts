import pg from 'pg';
import type { PoolClient } from 'pg';
import type { ReplytoError } from '#core/errors.js';
import { isAftermath, leavesConnection, toStoreError } from './errors.js';

export interface PostgresOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with what libpq knows as `sslmode` and `options`. */
  readonly url: string;
  /** Connections at the same time; default 10. */
  readonly poolSize?: number;
  /** Milliseconds that the server works on one statement, or waits for a locked row; default 15,000. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds until a connection has to be there; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** What the server shows in pg_stat_activity; default `replyto`. */
  readonly applicationName?: string;
}

/** Connections to one database. Every failure is an error of the store. */
export interface PostgresPool {
  /** Where it is, without secrets, for messages. */
  readonly where: string;
  connect(): Promise<PostgresConnection>;
  /** Ends all connections; whoever has one keeps it until it is released. */
  close(): Promise<void>;
}

interface QueryOutcome<Row> {
  readonly rows: Row[];
  /** Rows that were written. */
  readonly changes: number;
}

interface QueryOptions {
  /** Milliseconds until the connection is given up; default: a little more than the server gets. */
  readonly timeoutMs?: number;
}

export interface PostgresConnection {
  /** May be called again before an answer has come: statements are worked on in their order. One with values stays prepared. */
  query<Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryOutcome<Row>>;
  /** What failed first since it was taken from the pool: others may have failed for it. */
  readonly firstFailure: ReplytoError | undefined;
  /** Back to the pool; after a failure that leaves it in an unknown state it is ended instead. */
  release(): void;
}

/** Beyond what the server gets: its answer has to come back, too. */
const answerMs = 2_000;
const idleMs = 30_000;
/** The event loop may be busy for a while between two statements. */
const leastIdleMs = 15_000;
const int8 = 20;

/** Opens no connection yet. */
export function createPostgresPool(options: PostgresOptions): PostgresPool {
  const { url, poolSize = 10, statementTimeoutMs = 15_000, connectTimeoutMs = 5_000 } = options;
  const where = addressOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleMs,
    // What keeps a program alive is its work, and not a connection that nobody uses.
    allowExitOnIdle: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: options.applicationName ?? 'replyto',
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    // A process that was stopped in the middle of a transaction must not hold up all others.
    idle_in_transaction_session_timeout: Math.max(leastIdleMs, statementTimeoutMs),
    // A server that cannot be reached any more answers nothing at all.
    query_timeout: statementTimeoutMs + answerMs,
    types: { getTypeParser },
    pipeline: true,
  });
  const nameOf = createStatementNames();
  // An idle connection that ends is no failure of anything: the next one is made when it is needed.
  pool.on('error', () => undefined);
  // From its first moment on somebody has to listen, or an error would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  return {
    where,
    async connect() {
      try {
        return toConnection(await pool.connect(), { where, nameOf });
      } catch (error) {
        throw toStoreError(error, where);
      }
    },
    close: () => pool.end(),
  };
}

interface Surroundings {
  readonly where: string;
  readonly nameOf: (sql: string) => string | undefined;
}

function toConnection(client: PoolClient, { where, nameOf }: Surroundings): PostgresConnection {
  let isBroken = false;
  let firstFailure: ReplytoError | undefined;
  const onError = (): void => void (isBroken = true);
  client.on('error', onError);
  return {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- who asks knows what comes
    async query<Row>(text: string, values: readonly unknown[] = [], { timeoutMs }: QueryOptions = {}) {
      const name = values.length === 0 ? undefined : nameOf(text);
      try {
        const result = await client.query({
          text,
          values: [...values],
          ...(name === undefined ? {} : { name }),
          ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
        });
        // Several statements at once have several results, and none that anybody reads.
        return { rows: (Array.isArray(result) ? [] : result.rows) as Row[], changes: result.rowCount ?? 0 };
      } catch (error) {
        if (!leavesConnection(error)) isBroken = true;
        const failure = toStoreError(error, where);
        if (!isAftermath(error)) firstFailure ??= failure;
        throw failure;
      }
    },
    get firstFailure() {
      return firstFailure;
    },
    release() {
      client.off('error', onError);
      client.release(isBroken);
    },
  };
}

/** int8 comes as text, because it may not fit; what is stored here does: instants, and numbers counted one by one. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === int8 && format !== 'binary'
    ? Number
    : (pg.types.getTypeParser as (id: number, format?: string) => never)(oid, format);

function addressOf(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL';
  const { hostname, port, pathname } = new URL(url);
  return `PostgreSQL at ${hostname === '' ? 'localhost' : hostname}:${port === '' ? '5432' : port}${pathname}`;
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
