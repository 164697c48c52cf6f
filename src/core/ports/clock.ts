/** Time as the patterns see it, so that tests own it. */
export interface Clock {
  /** Epoch milliseconds; may jump. For instants that are stored or sent. */
  now(): number;
  /** Milliseconds that only grow. For every wait inside the process. */
  monotonic(): number;
  /**
   * Calls `callback` once after at least `ms` milliseconds, never before the current turn of the event
   * loop has ended. Returns what cancels it; whoever asks for it cancels it when it stops.
   */
  after(ms: number, callback: () => void): () => void;
}
