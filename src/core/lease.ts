import type { Message } from './message.js';

/** How a lease ended: by its holder, or because its time ran out. */
export type LeaseEnd = 'acknowledged' | 'replied' | 'released' | 'lapsed';

/** The right of one consumer over HTTP to a message, for a while. The message is kept in the store meanwhile. */
export interface Lease {
  /** Hard to guess: whoever knows it may acknowledge. */
  readonly id: string;
  readonly queue: string;
  readonly message: Message;
  /** Epoch milliseconds of the store's clock. */
  readonly expiresAt: number;
}
