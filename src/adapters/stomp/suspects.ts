/**
 * For brokers that end a connection without saying which message they would not take: RabbitMQ does so at a frame beyond
 * its limit, and at a queue that rejects what is over its length. Whatever was unconfirmed at such an end is a suspect and
 * goes alone when it is sent again, so that the guilty one is found and the innocent ones arrive. A broker that dies ends
 * connections too: only a message that ends one after the other, alone, is refused.
 */
import type { Destination } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { Dialect } from './dialects/dialect.js';

export interface Suspects {
  /** Whether it has to go alone. */
  has(message: Message, destination: Destination): boolean;
  /** It was refused by an error that ended the connection for all others too. */
  add(message: Message, destination: Destination): void;
  /** Its connection ended before the receipt. Gives what its sender is told. */
  lost(attempt: LostAttempt): ReplytoError;
  /** It was confirmed. */
  clear(message: Message, destination: Destination): void;
}

interface LostAttempt {
  readonly message: Message;
  readonly destination: Destination;
  /** What the connection rejected it with. */
  readonly error: ReplytoError;
  readonly wasAlone: boolean;
  readonly broker: { readonly dialect: Dialect; readonly server: string };
}

/** So many connections in a row that end under one message, which goes alone, are no chance. */
const proof = 3;
/** Beyond it the oldest are forgotten; they become suspects again. */
const mostSuspects = 2_000;

export function createSuspects(): Suspects {
  /** How many connections ended while it alone was under way. */
  const losses = new Map<string, number>();

  function keep(key: string, count: number): void {
    losses.delete(key);
    losses.set(key, count);
    const [oldest] = losses.keys();
    if (losses.size > mostSuspects && oldest !== undefined) losses.delete(oldest);
  }

  return {
    has: (message, destination) => losses.has(keyOf(message, destination)),
    clear: (message, destination) => void losses.delete(keyOf(message, destination)),
    add: (message, destination) => keep(keyOf(message, destination), 0),
    lost({ message, destination, error, wasAlone, broker }) {
      const key = keyOf(message, destination);
      const count = (losses.get(key) ?? 0) + (wasAlone ? 1 : 0);
      // Once refused it is refused at its next loss alone: it is sent again after a while only.
      keep(key, Math.min(count, proof - 1));
      return count < proof ? error : verdict(message, destination, broker);
    },
  };
}

function keyOf({ messageId }: Message, { kind, name }: Destination): string {
  return `${messageId} ${kind} ${name}`;
}

function verdict(
  { body }: Message,
  { name }: Destination,
  { dialect, server }: LostAttempt['broker'],
): ReplytoError {
  const bytes = body.byteLength;
  const ended = `${server} ended the connection ${proof} times while this message of ${bytes} bytes alone was under way`;
  if (bytes >= (dialect.usualFrameLimitBytes ?? Infinity)) {
    const detail = `${ended}: frames of that size are too large for it; raise stomp.max_frame_size there`;
    return new ReplytoError('INVALID_ARGUMENT', { detail, destination: name });
  }
  const detail = `${ended}; its log says why: the queue may have other arguments, be forbidden, or be full and reject what is sent, or the frame be larger than stomp.max_frame_size`;
  return new ReplytoError('SEND_REFUSED', { detail, destination: name });
}
