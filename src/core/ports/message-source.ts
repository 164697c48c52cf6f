import type { Destination } from '../destination.js';
import type { Message } from '../message.js';

/** One message as the broker handed it over; it stays the broker's until acknowledged. */
export interface Delivery {
  /** As far as it could be read: an optional header that makes no sense counts as absent. */
  readonly message: Message;
  /** Headers as they came, for the invalid-message channel. */
  readonly headers: Readonly<Record<string, string>>;
  /** The broker's own id, and whether it stays the same when the message is delivered again. */
  readonly brokerId: { readonly value: string; readonly stable: boolean } | null;
  readonly redelivered: boolean;
  /** The queue or topic that was subscribed to. */
  readonly destination: Destination;
  /**
   * Tells the broker that it is done with. False when the connection that brought it is gone: then the
   * broker delivers it again, to whoever subscribes.
   */
  acknowledge(): boolean;
}

export interface SubscribeOptions {
  /** Unacknowledged deliveries at the same time. */
  readonly prefetch: number;
  /** Gives up a subscription that has not begun: `subscribe` rejects with BROKER_UNAVAILABLE then. */
  readonly giveUp?: AbortSignal;
  /** Only learn whether it may be consumed: nothing is delivered. A broker that cannot filter is not asked at all. */
  readonly takesNothing?: boolean;
  /**
   * Must not throw: what to do with a message is decided by acknowledging it or not. A throw is logged
   * and leaves the delivery unacknowledged until the connection ends.
   */
  readonly onDelivery: (delivery: Delivery) => void;
}

export interface Subscription {
  /**
   * Ends it; deliveries that are not acknowledged go back to the broker. A broker that does not say goodbye within
   * `deadlineMs` (default, and at most, 5,000) is left without it.
   */
  unsubscribe(deadlineMs?: number): Promise<void>;
}

/** Takes messages from the broker, one acknowledgement each. */
export interface MessageSource {
  /**
   * Resolves when the broker confirmed the subscription for the first time. It is made again after
   * every reconnect, before the source counts as up.
   *
   * @throws SUBSCRIBE_REFUSED when the broker answers with an error.
   */
  subscribe(destination: Destination, options: SubscribeOptions): Promise<Subscription>;
}
