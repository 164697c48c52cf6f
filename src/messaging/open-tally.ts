/**
 * Counts what is open, in memory, and how fast places come free. Each number costs an addition; from time to time it is set
 * right by a true count, and what that tells of others who take places goes into the rate.
 */
import type { Clock } from '#core/ports/clock.js';

export interface OpenTally {
  readonly open: number;
  began(): void;
  ended(): void;
  /** The true number, counted now. */
  setRight(open: number): void;
  /**
   * Milliseconds until there are fewer than `limit`, by the rate at which places came free here in the last ten seconds or
   * so; Infinity where none did, undefined where it is too early to tell.
   */
  freeInMs(limit: number): number | undefined;
}

/** Less says nothing of a rate. */
const leastMs = 1_000;
/** From then on the next true count ends a window, of which the rate is kept. */
const windowMs = 5_000;

export function createOpenTally(clock: Pick<Clock, 'monotonic'>): OpenTally {
  let open = 0;
  /** In this window, for whoever asks here: what others ended is free as far as others have not begun as many. */
  let freed = 0;
  let since = clock.monotonic();
  let before: { readonly ms: number; readonly freed: number } | undefined;

  /** This window by what has passed of it, the one before by what of it is within reach. */
  function freedPerMs(): number | undefined {
    const ms = clock.monotonic() - since;
    if (before === undefined) return ms < leastMs ? undefined : freed / ms;
    const share = Math.max(0, 1 - ms / before.ms);
    return (before.freed * share + freed) / Math.max(ms, before.ms);
  }

  return {
    get open() {
      return open;
    },
    began: () => void (open += 1),
    ended() {
      freed += 1;
      if (open > 0) open -= 1;
    },
    setRight(counted) {
      freed = Math.max(0, freed + open - counted);
      open = counted;
      const now = clock.monotonic();
      if (now - since < windowMs) return;
      before = { ms: now - since, freed };
      freed = 0;
      since = now;
    },
    freeInMs(limit) {
      const rate = freedPerMs();
      return rate === undefined ? undefined : Math.max(0, open - limit + 1) / rate;
    },
  };
}
