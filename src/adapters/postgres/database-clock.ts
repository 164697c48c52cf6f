import type { Clock } from '#core/ports/clock.js';
import type { PostgresPool } from './pool.js';

/** Time as the database has it, so that all instances mean the same by an instant, however wrong their own clocks are. */
export interface DatabaseClock {
  readonly clock: Clock;
  /**
   * Asks the database once more when the two clocks of this machine went apart: it slept, or its time was set. To be awaited
   * before what relies on the time.
   *
   * @throws STORE_UNAVAILABLE
   */
  ensure(): Promise<void>;
  stop(): void;
}

const syncEveryMs = 60_000;
const jumpMs = 1_000;
/** The answer that took least says most. */
const questions = 3;

/** Carries the database's time on by the monotonic clock of this process. @throws STORE_UNAVAILABLE */
export async function createDatabaseClock(pool: PostgresPool, local: Clock): Promise<DatabaseClock> {
  let offset = await measure(pool, local);
  const apart = (): number => local.now() - local.monotonic();
  let knownApart = apart();
  let syncing: Promise<void> | undefined;
  let cancel = local.after(syncEveryMs, onTimer);

  async function measureAgain(): Promise<void> {
    const now = apart();
    offset = await measure(pool, local);
    knownApart = now;
  }

  function sync(): Promise<void> {
    syncing ??= measureAgain().finally(() => (syncing = undefined));
    return syncing;
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
    ensure: () => (Math.abs(apart() - knownApart) < jumpMs ? Promise.resolve() : sync()),
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
