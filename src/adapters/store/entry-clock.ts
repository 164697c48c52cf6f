import type { Clock } from '#core/ports/clock.js';
import type { Database } from '#adapters/sqlite/database.js';

/** When events enter the log. */
export interface EntryClock {
  /**
   * The store's time, never before that of another event, whatever the clock does, so that retention by age removes the
   * beginning of a log and nothing out of its middle.
   */
  now(): number;
  /** Goes back to the store's time. Only while no event has entered later than that. */
  setBack(): void;
}

export function createEntryClock(database: Database, clock: Clock): EntryClock {
  const [newest] = database.all('SELECT max(entered_at) AS at FROM project_events');
  let last = Number(newest?.['at'] ?? 0);
  return {
    now: () => (last = Math.max(last, clock.now())),
    setBack: () => void (last = clock.now()),
  };
}
