import type { Clock } from '#core/ports/clock.js';

export interface HeartBeatsOptions {
  /** Milliseconds, at most, that the broker may see nothing of this connection; 0 = it does not look. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Writes one heart-beat; never throws. */
  readonly beat: () => void;
}

/**
 * The interval of what this side sends (STOMP 1.2, "Heart-beating"): the longer one of what it offers and what the
 * `heart-beat: offers,wants` of CONNECTED wants, in milliseconds; 0 = none, when either is 0 or missing.
 */
export function agreedIntervalMs(offeredMs: number, header: string | undefined): number {
  const wantedMs = Number.parseInt(header?.split(',')[1] ?? '', 10);
  return offeredMs > 0 && wantedMs > 0 ? Math.max(offeredMs, wantedMs) : 0;
}

/** The same of what the broker sends: how long it may be silent, by its `heart-beat: offers,wants`. */
export function expectedIntervalMs(wantedMs: number, header: string | undefined): number {
  const offeredMs = Number.parseInt(header?.split(',')[0] ?? '', 10);
  return wantedMs > 0 && offeredMs > 0 ? Math.max(wantedMs, offeredMs) : 0;
}

/** Classic skips a beat when anything was sent since the last check, so two intervals may pass in silence. */
const silentIntervals = 3;
/** What came while this process was busy, or asleep, is read in this time. */
const readMs = 100;

export interface SilenceWatchOptions {
  /** Milliseconds that the broker may be silent, see {@link expectedIntervalMs}; 0 = as long as it likes. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** When anything came last, monotonic. */
  readonly heardAt: () => number;
  /** Called once. */
  readonly onSilent: () => void;
}

/** Tells when a broker has been silent for too long, by a clock that nobody sets. Returns what ends it. */
export function watchSilence({ intervalMs, clock, heardAt, onSilent }: SilenceWatchOptions): () => void {
  const longestMs = silentIntervals * intervalMs;
  const silentMs = (): number => clock.monotonic() - heardAt();
  let cancel = (): void => undefined;
  function wait(): void {
    cancel = clock.after(Math.max(1, longestMs - silentMs()), () => {
      if (silentMs() < longestMs) wait();
      else cancel = clock.after(readMs, () => (silentMs() < longestMs ? wait() : onSilent()));
    });
  }
  if (intervalMs > 0) wait();
  return () => cancel();
}

/**
 * Beats twice in each interval: ActiveMQ ends a connection that is one interval silent, and a beat at its very end
 * comes too late on a loaded machine (as those of stompjs do). Returns what ends it.
 */
export function startHeartBeats({ intervalMs, clock, beat }: HeartBeatsOptions): () => void {
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = clock.after(intervalMs / 2, () => {
      beat();
      wait();
    });
  };
  if (intervalMs > 0) wait();
  return () => cancel();
}
