import type { Lease, LeaseEnd } from '../lease.js';
import type { Message } from '../message.js';

/** Names one lease; all three have to fit. */
export interface LeaseKey {
  readonly queue: string;
  readonly id: string;
  /** Who took it; null where nobody has a name. */
  readonly holder: string | null;
}

export interface NewLease extends LeaseKey {
  readonly message: Message;
  /** The broker handed it over before. */
  readonly redelivered: boolean;
  readonly leaseMs: number;
}

export type LeaseState =
  | { readonly kind: 'held'; readonly lease: Lease }
  /** `fingerprint` is that of the reply that ended it. */
  | {
      readonly kind: 'ended';
      readonly end: LeaseEnd;
      readonly endedAt: number;
      readonly fingerprint: string | null;
    };

/** What is looked for: leases whose time is over. */
export interface LapseOptions {
  readonly limit: number;
  /** No further lease once their bodies have so many bytes together; default: no bound. */
  readonly enoughBytes?: number;
  /** A message that has been handed out so often goes to the dead letters instead of its queue. */
  readonly maxAttempts: number;
  /** What its sender is told then, where a reply is expected; it goes to the reply address. */
  readonly toFault: (message: Message) => Message | null;
}

export interface Lapse {
  readonly queue: string;
  readonly messageId: string;
  readonly attempt: number;
  readonly isDead: boolean;
}

/**
 * Messages that consumers over HTTP hold. A lease is written before the broker is told that the message is done with;
 * from then on the message is in exactly one place: leased, on its way (see OutgoingMessages), or a dead letter.
 * Each method is one whole transaction; whatever comes too late changes nothing and gets the state as it is.
 */
export interface Leases {
  /**
   * False: the broker delivered again what a lease holds, or what was acknowledged or answered within the last hour: the
   * same message id and body. What went back to its queue is never taken for that.
   */
  take(lease: NewLease): Promise<Lease | false>;
  /** Null when no such lease is known, or not any more. */
  find(key: LeaseKey): Promise<LeaseState | null>;
  acknowledge(key: LeaseKey): Promise<LeaseState | null>;
  /** Ends the lease and queues its reply for the reply address, in one step. `fingerprint` recognises it again. */
  reply(key: LeaseKey, reply: Message, fingerprint: string): Promise<LeaseState | null>;
  renew(key: LeaseKey, leaseMs: number): Promise<LeaseState | null>;
  /** Queues the message for where it came from. `counts`: it was worked on, so its attempt is raised. */
  release(key: LeaseKey, counts: boolean): Promise<LeaseState | null>;
  lapseDue(options: LapseOptions): Promise<Lapse[]>;
}
