/** How much is measured, and how long it takes. */
export interface Plan {
  readonly size: 'smoke' | 'full';
  /** Streams in which nothing happens. */
  readonly idle: number;
  /** Streams that all hear every event. */
  readonly active: number;
  /** Events per second that they hear. */
  readonly rate: number;
  /** How long events come, and how long CPU time is taken beside idle streams. */
  readonly seconds: number;
  /** Requests that are accepted in one go. */
  readonly requests: number;
  /** How long calls wait for replies in one go. */
  readonly settlingSeconds: number;
  /** With a project and without, in turns, so often. */
  readonly rounds: number;
}

/** Streams that a gateway takes by itself (`status.maxFollowers`). */
export const mostFollowers = 10_000;
/** What gateway and clients have open beside the streams. */
const sparedFiles = 500;

/** @param openFiles that a process may have; null: nobody says, and the default is for 1,024 */
export function createPlan(size: Plan['size'], openFiles: number | null): Plan {
  const room = Math.max(100, (openFiles ?? 1_024) - sparedFiles);
  return size === 'smoke'
    ? { size, idle: 20, active: 5, rate: 50, seconds: 1, requests: 20, settlingSeconds: 0.5, rounds: 1 }
    : {
        ...{
          size,
          idle: Math.min(mostFollowers, room),
          active: Math.min(1_000, room),
          rate: 100,
          seconds: 20,
        },
        ...{ requests: 2_000, settlingSeconds: 5, rounds: 3 },
      };
}

/** Milliseconds that it takes on an idle machine, roughly. */
export function expectedMs({ size, idle, active, seconds, requests, settlingSeconds, rounds }: Plan): number {
  const start = size === 'smoke' ? 4_000 : 10_000;
  const accepting = (2 * rounds + 1) * requests * 2;
  const settling = rounds * 4 * (settlingSeconds + (size === 'smoke' ? 0.5 : 3)) * 1_000;
  return start + (idle + active) * 2 + 3 * seconds * 1_000 + accepting + settling;
}
