import type { EncodedFrame } from '#adapters/stomp-server/frame-encoder.js';
import { joinFrame } from '#adapters/stomp-server/frame-encoder.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import { escapeHeader } from '#adapters/stomp-server/header-escaping.js';
import { toVersion } from './message-head.js';
import type { Consumer, Queue } from './queue.js';
import type { Payload, StoredMessage } from './stored-message.js';

export const ackModes = ['auto', 'client', 'client-individual'] as const;

export type AckMode = (typeof ackModes)[number];

/** One SUBSCRIBE of one connection: turns messages into MESSAGE frames and knows which of them are unsettled. */
export interface Subscription extends Consumer {
  /** As the client named it. */
  readonly id: string;
  readonly queue: Queue;
  isInFlight(key: number): boolean;
  /**
   * The deliveries that an ACK or NACK of this one settles: itself, in mode `client` all before it too
   * (STOMP 1.2, "SUBSCRIBE ack Header"). Undefined when it is not in flight.
   */
  covered(key: number): readonly number[] | undefined;
  /** Takes deliveries out of what is in flight. */
  remove(keys: readonly number[]): Delivered[];
  /** Puts back what was removed, in its old order; false when the subscription has ended. */
  restore(delivered: readonly Delivered[]): boolean;
  /** The delivery of a message, for 1.1, which acknowledges by message id. */
  keyOf(messageNumber: number): number | undefined;
  /** Takes no more; what is in flight goes back. */
  end(): void;
}

export interface Delivered {
  readonly key: number;
  readonly message: StoredMessage;
}

export interface SubscriptionOptions {
  readonly id: string;
  /** Distinguishes acknowledgements of this subscription from all others, of other connections too. */
  readonly ackPrefix: string;
  readonly queue: Queue;
  readonly ackMode: AckMode;
  readonly prefetch: number;
  readonly version: StompVersion;
  /** `message-id` of a message number, without anything to escape. */
  readonly messageIdOf: (number: number) => string;
  readonly isBehind: () => boolean;
  readonly send: (frame: EncodedFrame) => void;
  /** Mode `auto`: the broker acknowledges what it has written. */
  readonly onAutomatic: (queue: Queue, message: StoredMessage) => void;
}

export function createSubscription(options: SubscriptionOptions): Subscription {
  const { id, queue, ackMode, prefetch, version, ackPrefix } = options;
  /** In the order of delivery, which is that of the keys. */
  let inFlight = new Map<number, StoredMessage>();
  /** Keys by message number, for {@link Subscription.keyOf}. */
  const keys = new Map<number, number>();
  let lastKey = 0;
  let ended = false;
  const beginning =
    `MESSAGE\nsubscription:${escapeHeader(id, version)}\n` +
    `destination:${escapeHeader(queue.destination.address, version)}\nmessage-id:`;

  function frame(message: StoredMessage, payload: Payload, key: number | undefined): EncodedFrame {
    const ack = key === undefined || version === '1.1' ? '' : `ack:${ackPrefix}${key}\n`;
    const redelivered = message.redelivered ? 'redelivered:true\n' : '';
    return joinFrame(
      `${beginning}${options.messageIdOf(message.number)}\n${ack}${redelivered}content-length:${payload.body.length}\n`,
      toVersion(payload.head, version),
      payload.body,
    );
  }

  return {
    id,
    queue,
    canTake: () => !ended && inFlight.size < prefetch && !options.isBehind(),
    deliver(message, payload) {
      if (ackMode === 'auto') {
        options.send(frame(message, payload, undefined));
        options.onAutomatic(queue, message);
        return;
      }
      lastKey += 1;
      inFlight.set(lastKey, message);
      if (version === '1.1') keys.set(message.number, lastKey);
      options.send(frame(message, payload, lastKey));
    },
    isInFlight: (key) => inFlight.has(key),
    covered(key) {
      if (!inFlight.has(key)) return undefined;
      if (ackMode === 'client-individual') return [key];
      const covered: number[] = [];
      for (const earlier of inFlight.keys()) {
        covered.push(earlier);
        if (earlier === key) break;
      }
      return covered;
    },
    remove(settled) {
      const removed: Delivered[] = [];
      for (const key of settled) {
        const message = inFlight.get(key);
        if (message === undefined) continue;
        inFlight.delete(key);
        keys.delete(message.number);
        removed.push({ key, message });
      }
      return removed;
    },
    restore(delivered) {
      if (ended) return false;
      const rest = Array.from(inFlight, ([key, message]) => ({ key, message }));
      const all = [...delivered, ...rest].sort((a, b) => a.key - b.key);
      inFlight = new Map(all.map(({ key, message }) => [key, message]));
      if (version === '1.1') for (const { key, message } of delivered) keys.set(message.number, key);
      return true;
    },
    keyOf: (messageNumber) => keys.get(messageNumber),
    end() {
      if (ended) return;
      ended = true;
      const messages = [...inFlight.values()];
      inFlight.clear();
      keys.clear();
      queue.detach(this);
      queue.giveBack(messages);
    },
  };
}
