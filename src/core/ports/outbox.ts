import type { SendClaim } from './request-store.js';
import type { StoredReply } from '../request.js';

/** A reply (or the Fault of an expired request) on its way to the caller's Reply-To queue. */
export interface OutboxDelivery {
  readonly id: number;
  readonly requestId: string;
  /** Where the request went. */
  readonly requestQueue: string;
  /** Where the reply goes. */
  readonly queue: string;
  /** Counted attempts so far: those the broker answered with an error. */
  readonly attempts: number;
  /** Message-ID of the delivery, the same at every attempt. */
  readonly messageId: string;
  /** Null: the request expired; the Fault goes instead. */
  readonly reply: StoredReply | null;
  readonly conversationId: string | null;
  readonly createdAt: number;
}

export type OutboxResult =
  /** The receipt came. */
  | { readonly kind: 'delivered' }
  /** The broker answered with an error: counts, and is tried again after `retryMs`. */
  | { readonly kind: 'refused'; readonly error: string; readonly retryMs: number }
  /** No connection or no receipt: never counts. */
  | { readonly kind: 'postponed'; readonly error: string; readonly retryMs: number }
  /** Given up: moves to the dead letters. */
  | { readonly kind: 'dead'; readonly error: string };

/**
 * Where a delivery stands. `pending`: the reply has not come; `waiting`: it goes to the broker now or when it is tried
 * again; `dead`: given up, a dead letter; `retried`: that dead letter was sent again; `cancelled`: the request was
 * cancelled before a reply came.
 */
export const deliveryStates = ['pending', 'waiting', 'delivered', 'dead', 'retried', 'cancelled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** A delivery as it is shown. Instants are epoch milliseconds of the store's clock. */
export interface DeliveryRecord {
  /** Null: that to the Reply-To of the request, which has no row before there is a reply. */
  readonly id: number | null;
  readonly queue: string;
  readonly state: DeliveryState;
  /** Which reply goes there; 0 = the Fault of an expired request, null = the one that is still to come. */
  readonly replyNumber: number | null;
  /** Those that the broker answered with an error. */
  readonly attempts: number;
  readonly lastError: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** A further queue for a reply. */
export interface WantedDelivery {
  readonly requestId: string;
  readonly queue: string;
  /** 1 = the answer, now or when it comes; 2, ... = a kept duplicate. */
  readonly replyNumber: number;
  /** So many deliveries of one request are kept, at most. */
  readonly most: number;
}

export type DeliverOutcome =
  | { readonly kind: 'added'; readonly delivery: DeliveryRecord }
  /** The same is under way already; nothing was added. */
  | { readonly kind: 'known'; readonly delivery: DeliveryRecord }
  | { readonly kind: 'unknown' }
  /** There is no such reply; `replies` are kept. */
  | { readonly kind: 'no-such-reply'; readonly replies: number }
  /** There is no reply, and none that comes is forwarded: the request was cancelled, or expects none. */
  | { readonly kind: 'none-to-come'; readonly isCancelled: boolean }
  | { readonly kind: 'full' };

/** What was queued in the transaction that settled a request, or for a reply afterwards. Each method is one transaction. */
export interface Outbox {
  /**
   * Takes deliveries whose time has come, oldest first; none while an earlier one of the same request to the same queue
   * waits, so that a late reply never overtakes the Fault.
   */
  claimDue(claim: SendClaim): Promise<OutboxDelivery[]>;
  /** Keeps what this owner claimed while a receipt is awaited. */
  renew(ids: readonly number[], owner: string, leaseMs: number): Promise<void>;
  finish(id: number, owner: string, result: OutboxResult): Promise<void>;
  /** All deliveries of one request, in the order in which they were queued; null when it is unknown. */
  deliveriesOf(requestId: string): Promise<readonly DeliveryRecord[] | null>;
  /**
   * Sends a reply to a further queue. Before there is one, that queue gets what the Reply-To of the request would get: the
   * reply when it comes, or the Fault when the request expires and the reply that comes late.
   */
  deliver(wanted: WantedDelivery): Promise<DeliverOutcome>;
}
