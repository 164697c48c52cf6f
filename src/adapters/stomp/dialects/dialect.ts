import type { Destination } from '#core/destination.js';
import type { ReplyToStyle } from '#core/message.js';
import type { Inquiry } from '../inspection/inquiry.js';

/**
 * What differs between brokers, in one object per broker; everything else in this folder is the portable
 * profile that holds on all of them. Found from the `server` header of the CONNECTED frame.
 */
export interface Dialect {
  readonly name: string;
  /** The broker's address of a destination, for SEND and SUBSCRIBE. */
  toAddress(destination: Destination): string;
  /** The same for `reply-to`, as those services read it that `style` says. */
  toReplyAddress(destination: Destination, style: ReplyToStyle): string;
  /** A reply address as this broker or a JMS client writes it. */
  fromAddress(address: string): Destination;
  /** Leave `content-length` out for text, so that JMS listeners receive a TextMessage. */
  readonly textWithoutContentLength: boolean;
  /** Whether a missing `content-length` on a MESSAGE means a text body. */
  readonly lengthTellsForm: boolean;
  /** What the broker itself calls a message that it delivered; undefined when it does not say. */
  brokerId(headers: Readonly<Record<string, string>>): string | undefined;
  /** Whether that stays the same when it delivers the message again. */
  readonly stableMessageIds: boolean;
  /**
   * What a message of its WebSocket carries: bytes, as over TCP, or text alone, a frame in each. Then bytes that are no
   * UTF-8 are neither taken nor handed over unharmed.
   */
  readonly webSocketCarries: 'bytes' | 'text';
  /**
   * Whether it closes the connection itself after a goodbye and after an ERROR, and refuses unread what was written behind
   * the frame in error. It is left to do so.
   */
  readonly closesItself: boolean;
  /** Send `timestamp` too: only where the broker counts milliseconds and keeps the sender's. */
  readonly sendsTimestamp: boolean;
  /**
   * Whether an ERROR names the frame that it refuses (`receipt-id`), and every refusal comes as an ERROR. Where not, it is
   * found out, see receipts.ts and suspects.ts.
   */
  readonly namesRefusedFrames: boolean;
  /** What an ERROR says, in words, when there is no room for a message; absent where that is not told. */
  readonly saysFull?: RegExp;
  /**
   * Bytes of a frame beyond which this version of it ends the connection without a word, unless it was configured
   * otherwise; undefined for one that has no such limit.
   */
  readonly usualFrameLimitBytes?: (version: string) => number | undefined;
  /** Headers that ask the broker to drop the message at an instant (epoch milliseconds). */
  expiryHeaders(expiresAt: number, now: number): Readonly<Record<string, string>>;
  /** Application headers that mean something else to the broker than a header of the message, where there are any. */
  readonly ownHeaders?: RegExp;
  /** What else a SEND needs to reach that destination. */
  sendHeaders(destination: Destination): Readonly<Record<string, string>>;
  /** What else a SUBSCRIBE needs; `prefetch` counts messages and is for queues. */
  subscribeHeaders(destination: Destination, prefetch: number): Readonly<Record<string, string>>;
  /** What makes a subscription take nothing, see SubscribeOptions; null where it cannot be said. */
  readonly nothingHeaders: Readonly<Record<string, string>> | null;
  /** How many consumers share that prefetch, each with a SUBSCRIBE of its own; 1 where the broker counts messages. */
  consumers(destination: Destination, prefetch: number): number;
  /** How it is asked about its queues. */
  readonly inquiry: Inquiry;
}

/** Of a broker that counts messages and gives each an id for good. */
export const oneConsumer = (): number => 1;
export const messageIdHeader: Dialect['brokerId'] = (headers) => headers['message-id'];

/**
 * `/queue/N`, `/topic/N` and the JMS forms `queue://N`, `topic://N`; a plain name is a queue. Everything
 * else, such as a temporary queue, only the broker can read.
 */
export function fromSlashAddress(address: string): Destination {
  const match = /^(?:\/(?<kind>queue|topic)\/|(?<jms>queue|topic):\/\/)(?<name>.+)$/u.exec(address);
  if (match?.groups !== undefined) {
    const { kind, jms, name = '' } = match.groups;
    return { kind: (kind ?? jms) === 'topic' ? 'topic' : 'queue', name };
  }
  const isPlain = !address.startsWith('/') && !address.includes('://');
  return { kind: isPlain ? 'queue' : 'opaque', name: address };
}

export function toSlashAddress({ kind, name }: Destination): string {
  return kind === 'opaque' ? name : `/${kind}/${name}`;
}

/** For {@link Dialect.subscribeHeaders} of a broker that counts messages in one header; topics are not held back. */
export function prefetchHeader(
  name: string,
): (destination: Destination, prefetch: number) => Record<string, string> {
  return ({ kind }, prefetch) => (kind === 'topic' ? {} : { [name]: String(prefetch) });
}
