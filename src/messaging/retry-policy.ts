/** How often and how soon a failed request is tried again. */
export interface RetryPolicy {
  /** Runs in all, the first included; default 3. 1 = no retry. */
  readonly attempts: number;
  /** Milliseconds before the second run, doubled for each further one; default 1,000. */
  readonly backoffMs: number;
  /** Most milliseconds between two runs; default and upper bound 60,000, because the broker waits meanwhile. */
  readonly maxBackoffMs: number;
}

const longestBackoffMs = 60_000;

export function retryPolicy(given: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    attempts: given.attempts ?? 3,
    backoffMs: given.backoffMs ?? 1_000,
    maxBackoffMs: Math.min(longestBackoffMs, given.maxBackoffMs ?? longestBackoffMs),
  };
}

/** Milliseconds to wait after run number `attempt` failed. */
export function backoffAfter({ backoffMs, maxBackoffMs }: RetryPolicy, attempt: number): number {
  return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
}
