import type { OutcomeOf, Stage } from '../stages.js';

/** What is counted, by its outcome, and what that means; the names become `replyto_<name>_total` with underscores. */
export const countedEvents = {
  'requests-accepted': 'requests that were stored',
  'requests-joined': 'calls that repeated a known request and joined it',
  'requests-refused': 'calls that were answered with an error, whatever it was',
  'requests-sent': 'request messages that the broker confirmed',
  'requests-resent': 'request messages that were sent once more, because an earlier send may have failed',
  'requests-replied': 'requests that ended with a reply',
  'requests-faulted': 'requests that ended with a fault of the service, or that could not be sent',
  'requests-expired': 'requests that nobody answered in time',
  'requests-cancelled': 'requests that were cancelled',
  'requests-completed': 'messages sent that expect no reply',
  'replies-late': 'replies that came after their request had ended',
  'replies-duplicate': 'further, different replies to the same request',
  'replies-repeated': 'replies that were delivered again and ignored',
  'replies-unmatched': 'replies to a request that is not known here',
  'replies-matched': 'unmatched replies for which somebody named the request',
  'messages-invalid': 'messages on own queues that could not be used, kept with the reason',
  'messages-dead-lettered': 'messages that failed for good, kept with the reason',
  'letters-edited': 'dead letters and invalid messages that somebody edited',
  'letters-retried': 'dead letters and invalid messages that somebody sent again',
  'letters-dropped': 'dead letters, invalid messages and unmatched replies that somebody dropped',
  'events-recorded': 'status events that were added to a request or to the log of a project',
  'events-numbered': 'status events that got their number in the log of their project',
  'events-published': 'status events that the broker confirmed on the topic of their project',
  'events-unpublished': 'status events that the broker refused on the topic of their project',
  'events-unmatched':
    'status events without a project about nothing that is kept here, such as requests of the library',
  'deliveries-delivered': 'replies that reached their Reply-To queue',
  'deliveries-refused': 'attempts to deliver a reply that the broker answered with an error',
  'deliveries-postponed': 'attempts to deliver a reply without a broker or a receipt',
  'deliveries-dead': 'replies that their Reply-To queue never took, now dead letters',
  'messages-delivered': 'replies and returned messages of consumers over HTTP that the broker confirmed',
  'messages-refused': 'attempts to send such a message that the broker answered with an error',
  'messages-postponed': 'attempts to send such a message without a broker or a receipt',
  'messages-dead': 'such messages that the broker never took, now dead letters',
  'messages-leased': 'messages that were handed out over HTTP',
  'leases-acknowledged': 'leases that their holder acknowledged',
  'leases-replied': 'leases that their holder ended with a reply',
  'leases-released': 'leases whose message went back because its holder gave it back, or was gone',
  'leases-lapsed': 'leases that ran out',
  'receipts-missed': 'messages that the broker did not confirm in time',
} as const;
export type CountedEvent = keyof typeof countedEvents;

/** Counts what happened, for /metrics. Must not throw and costs next to nothing. */
export interface Meter {
  count(event: CountedEvent, amount?: number): void;
  /** Milliseconds between accepting a request and settling it. */
  replied(afterMs: number): void;
  /**
   * Milliseconds that a stage took. `queue` is that of the request, from which the label of its route is made; null where
   * none is known.
   */
  took<S extends Stage>(stage: S, outcome: OutcomeOf<S>, queue: string | null, ms: number): void;
}

export const silentMeter: Meter = {
  count: () => undefined,
  replied: () => undefined,
  took: () => undefined,
};
