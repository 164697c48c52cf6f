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

/** What was queued in the transaction that settled a request. Each method is one transaction. */
export interface Outbox {
  /**
   * Takes deliveries whose time has come, oldest first; none while an earlier one of the same request waits, so
   * that a late reply never overtakes the Fault.
   */
  claimDue(claim: SendClaim): Promise<OutboxDelivery[]>;
  /** Keeps what this owner claimed while a receipt is awaited. */
  renew(ids: readonly number[], owner: string, leaseMs: number): Promise<void>;
  finish(id: number, owner: string, result: OutboxResult): Promise<void>;
}
