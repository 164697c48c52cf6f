import type { Destination } from '../destination.js';
import type { Message } from '../message.js';

export interface SendOptions {
  /** Ask the broker to drop the message at this instant (epoch milliseconds); off when absent. */
  readonly brokerExpiresAt?: number;
  /** The present time by the clock of that instant; default that of this process. */
  readonly now?: number;
}

/**
 * Puts messages on the broker. Guarantees: what `send` resolved for is on the broker's disk.
 *
 * Errors, each a ReplytoError:
 * - `BROKER_UNAVAILABLE`: no connection; the frame was not written, so nothing was sent.
 * - `SEND_UNCONFIRMED`: written, but the connection ended before the receipt; it may or may not be there.
 * - `RECEIPT_TIMEOUT`: the same, because this very receipt missed its deadline: the queue may be full.
 * - `BROKER_FULL`: the broker says that it has no room; it may be there when others were under way too.
 * - `SEND_REFUSED`: the broker answered with an error, or ended each of several connections on which this message alone
 *   was under way, and no others; it is not there.
 * - `INVALID_ARGUMENT`: the broker does not take this message as it is, to whatever queue, for its size, its bytes or
 *   its headers; the message is not there, and others may be sent.
 */
export interface MessageChannel {
  /** Whether a sending connection is up now. */
  isUp(): boolean;
  /** Calls back each time the channel comes up (not for the present state). Returns what ends it. */
  onUp(callback: () => void): () => void;
  /** Sends persistently to a queue; resolves with the broker's receipt. */
  send(destination: Destination, message: Message, options?: SendOptions): Promise<void>;
  /** Sends to all present subscribers of a topic, transiently; resolves with the broker's receipt. */
  publish(topic: Destination, message: Message): Promise<void>;
}
