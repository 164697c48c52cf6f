import type { Clock } from '#core/ports/clock.js';
import type { PostgresPool } from './pool.js';

/** Time as the database has it, so that all instances mean the same by an instant, however wrong their own clocks are. */
export interface DatabaseClock {
  readonly clock: Clock;
  /** Asks the database once more; after a failure the time goes on from what is known. */
  sync(): Promise<void>;
  stop(): void;
}

const syncEveryMs = 60_000;
/** The answer that took least says most. */
const questions = 3;

/** Carries the database's time on by the monotonic clock of this process. @throws STORE_UNAVAILABLE */
export async function createDatabaseClock(pool: PostgresPool, local: Clock): Promise<DatabaseClock> {
  let offset = await measure(pool, local);
  let cancel = local.after(syncEveryMs, onTimer);

  async function sync(): Promise<void> {
    offset = await measure(pool, local);
  }

  function onTimer(): void {
    cancel = local.after(syncEveryMs, onTimer);
    // Whoever needs the database says that it is away.
    sync().catch(() => undefined);
  }

  return {
    clock: {
      now: () => Math.round(local.monotonic() + offset),
      monotonic: () => local.monotonic(),
      after: (ms, callback) => local.after(ms, callback),
    },
    sync,
    stop: () => cancel(),
  };
}

/** Epoch milliseconds of the database minus the monotonic clock. */
async function measure(pool: PostgresPool, local: Clock): Promise<number> {
  const connection = await pool.connect();
  try {
    let best = { tookMs: Infinity, offset: 0 };
    for (let question = 0; question < questions; question += 1) {
      const askedAt = local.monotonic();
      const { rows } = await connection.query<{ now: number }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
      );
      const tookMs = local.monotonic() - askedAt;
      if (tookMs < best.tookMs) best = { tookMs, offset: (rows[0]?.now ?? 0) - askedAt - tookMs / 2 };
    }
    return best.offset;
  } finally {
    connection.release();
  }
}
