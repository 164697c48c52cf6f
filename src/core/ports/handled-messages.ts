import type { Message } from '../message.js';

/** The reply that a service gave, without the addresses that differ per delivery. */
export type RememberedReply = Pick<
  Message,
  'messageId' | 'contentType' | 'body' | 'properties' | 'applicationHeaders'
>;

/**
 * Memory of an Idempotent Receiver: what a service answered to which request. Each method is one transaction.
 *
 * @throws STORE_UNAVAILABLE when the commit failed.
 */
export interface HandledMessages {
  /** Counts this delivery (1 = the first) before the handler runs; the reply when it was handled before. */
  begin(
    queue: string,
    messageId: string,
  ): Promise<{ readonly deliveries: number; readonly reply: RememberedReply | null }>;
  /** Keeps the reply before it is sent, so that a crash in between sends this one again. */
  remember(queue: string, messageId: string, reply: RememberedReply): Promise<void>;
  /** Starts the count of a message anew: its retry is a new message with the same id. */
  forget(queue: string, messageId: string): Promise<void>;
}
