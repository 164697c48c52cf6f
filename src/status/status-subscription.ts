import type { EventSink, EventSubscription } from '#core/ports/event-feeds.js';
import type { SequencedEvent } from '#core/status-event.js';

export type StatusSink = EventSink<SequencedEvent>;

export interface StatusSubscription extends EventSubscription {
  /** Everything up to here was delivered, or did not pass the filter. */
  readonly position: number;
}
