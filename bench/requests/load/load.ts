/** One load on one way, and what came of it. */
export interface Load {
  /** Connections, or requests in flight, at most. */
  readonly width: number;
  /**
   * Requests per second at fixed instants, whatever becomes of those before; null: each connection asks when it has its
   * answer.
   */
  readonly rate: number | null;
  /** The instant of `nowUs` from which is counted; before it the same load runs for `warmUpMs`. */
  readonly startsAt: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** Counts and times are those of the window. Times are HDR histograms of microseconds, compressed, in base64. */
export interface LoadOutcome {
  /** Requests that fell due; without a rate, those that were answered. */
  readonly asked: number;
  /** Of them, those with their own reply. */
  readonly replied: number;
  /** What else came, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Until the reply: with a rate from the instant at which the request fell due, else from the call. */
  readonly delays: string;
  /** From the call until the service has the request, and from there until the caller has the reply; null without a service. */
  readonly stages: { readonly toService: string; readonly back: string } | null;
  /** How late requests were made, in microseconds; the delays contain it. Null without a rate. */
  readonly late: { readonly p50: number; readonly p99: number } | null;
}

/** Asks once and resolves with the body of the reply. @throws Error in few words, which are counted */
export type Ask = (place: number, body: string) => Promise<string>;
