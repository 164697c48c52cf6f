/** What is counted, by its outcome; the names become `replyto_<name>_total` with underscores. */
export const countedEvents = [
  'requests-accepted',
  'requests-joined',
  'requests-refused',
  'requests-sent',
  'requests-resent',
  'requests-replied',
  'requests-faulted',
  'requests-expired',
  'requests-cancelled',
  'requests-completed',
  'replies-late',
  'replies-duplicate',
  'replies-repeated',
  'replies-unmatched',
  'messages-invalid',
  'messages-dead-lettered',
  'events-recorded',
  'deliveries-delivered',
  'deliveries-refused',
  'deliveries-postponed',
  'deliveries-dead',
  'messages-delivered',
  'messages-refused',
  'messages-postponed',
  'messages-dead',
  'messages-leased',
  'leases-acknowledged',
  'leases-replied',
  'leases-released',
  'leases-lapsed',
  'receipts-missed',
] as const;
export type CountedEvent = (typeof countedEvents)[number];

/** Counts what happened, for /metrics. Must not throw and costs next to nothing. */
export interface Meter {
  count(event: CountedEvent, amount?: number): void;
  /** Milliseconds between accepting a request and settling it. */
  replied(afterMs: number): void;
}

export const silentMeter: Meter = { count: () => undefined, replied: () => undefined };
