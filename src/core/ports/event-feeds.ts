import type { EventFilter, NumberedEvent, SequencedEvent } from '../status-event.js';

/** Where events go. None of its functions may throw. */
export interface EventSink<Event> {
  /** Takes them all. False: no room for more; the sink calls `resume` of its subscription when there is. */
  deliver(events: readonly Event[]): boolean;
  /** The events `from` to `to` are behind the retention; what is delivered next comes after them. */
  gap(from: number, to: number): void;
  /** Nothing more comes: the log cannot be read, or this process stops. */
  end(): void;
}

export interface EventSubscription {
  /** There is room again. */
  resume(): void;
  close(): void;
}

/** An event of a project has a `sequence`, one in the history of a request a `number`. */
export type FeedEvent = SequencedEvent | NumberedEvent;

export interface FeedQuery {
  /** Of the last event that the subscriber has; 0: from the first one that is kept. */
  readonly after: number | undefined;
  readonly filter: EventFilter;
  readonly sink: EventSink<FeedEvent>;
}

/**
 * What one caller may follow, with its rights. An error names the headers `destination` and `after` of a subscription.
 *
 * @throws INVALID_REQUEST (an `after` in the future), TOO_MANY_WAITING, SHUTTING_DOWN, STORE_UNAVAILABLE
 */
export interface EventFeeds {
  /**
   * The events of a project; `after` absent: those that are numbered from now on.
   *
   * @throws NOT_PERMITTED
   */
  ofProject(project: string, query: FeedQuery): Promise<EventSubscription>;
  /**
   * The history of a request, all of it when `after` is absent. Nothing follows its end, and nobody is told.
   *
   * @throws REQUEST_NOT_FOUND also when it is somebody else's
   */
  ofRequest(id: string, query: FeedQuery): Promise<EventSubscription>;
}
