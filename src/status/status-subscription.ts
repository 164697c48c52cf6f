import type { SequencedEvent } from '#core/status-event.js';

/** Where events go. None of its functions may throw. */
export interface StatusSink {
  /** False: no room for more; the sink calls `resume` of its subscription when there is. */
  deliver(events: readonly SequencedEvent[]): boolean;
  /** The events `from` to `to` are behind the retention; what is delivered next comes after them. */
  gap(from: number, to: number): void;
  /** Nothing more comes: the log cannot be read, or the hub stops. */
  end(): void;
}

export interface StatusSubscription {
  /** There is room again. */
  resume(): void;
  close(): void;
  /** Everything up to here was delivered, or did not pass the filter; null until it is known where it begins. */
  readonly position: number | null;
}
