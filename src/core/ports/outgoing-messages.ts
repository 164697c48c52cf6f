import type { Destination } from '../destination.js';
import type { Message } from '../message.js';
import type { OutboxResult } from './outbox.js';
import type { SendClaim } from './request-store.js';

/** A message of the store that belongs to no request: on its way back to its queue, or a reply over HTTP. */
export interface OutgoingMessage {
  readonly id: number;
  readonly destination: Destination;
  readonly message: Message;
  /** Counted attempts so far: those the broker answered with an error. */
  readonly attempts: number;
}

/** Written in the transaction that ended a lease. Each method is one transaction. */
export interface OutgoingMessages {
  /** Takes messages whose time has come, oldest first. `queue` of the claim is the name of their destination. */
  claimDue(claim: SendClaim): Promise<OutgoingMessage[]>;
  /** Keeps what this owner claimed while a receipt is awaited. */
  renew(ids: readonly number[], owner: string, leaseMs: number): Promise<void>;
  finish(id: number, owner: string, result: OutboxResult): Promise<void>;
}
