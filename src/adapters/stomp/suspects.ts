/**
 * For brokers that end a connection without saying which message they would not take: RabbitMQ does so at a frame beyond
 * its limit, and at a queue that rejects what is over its length. Whatever was unconfirmed at such an end is a suspect and
 * is tried apart, see trials.ts, in groups that halve until the guilty one ends a connection alone. A broker that dies, or
 * is restarted, ends connections too: an end says something of its messages only when another connection outlived it.
 */
import type { Destination } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Message } from '#core/message.js';
import type { DetectedDialect } from './dialects/detect.js';

export interface Suspects {
  has(message: Message, destination: Destination): boolean;
  /** With how many suspects, itself included, it may be under way. */
  mostTogether(message: Message, destination: Destination): number;
  /** Whether it is refused when it ends one more connection alone. */
  isNearlyProven(message: Message, destination: Destination): boolean;
  /** An ERROR that ended the connection for all others too was about it: it goes alone. */
  add(message: Message, destination: Destination): void;
  /** Its connection ended, and nothing is known of why. */
  suspect(message: Message, destination: Destination): void;
  /** Its connection ended while others went on; `size` were under way on it. Gives what its sender is told. */
  blame(message: Message, destination: Destination, loss: Loss): ReplytoError;
  /** It was confirmed. */
  clear(message: Message, destination: Destination): void;
}

interface Loss {
  readonly size: number;
  /** Whether nobody but suspects was under way on it: only such a loss is counted. */
  readonly wasTrial: boolean;
  /** What the connection rejected it with. */
  readonly error: ReplytoError;
  readonly broker: DetectedDialect;
}

interface Suspect {
  readonly mostTogether: number;
  readonly lossesAlone: number;
  readonly seenAt: number;
}

/** So many connections that end under one message, which goes alone, are no chance. */
const proof = 3;
/** Longer than the longest pause before something is sent again: what was not seen for so long begins anew. */
const forgottenAfterMs = 15 * 60_000;
/** Beyond it the oldest are forgotten; they become suspects again. */
const mostSuspects = 2_000;

export function createSuspects(clock: Pick<Clock, 'monotonic'>): Suspects {
  const suspects = new Map<string, Suspect>();

  function find(message: Message, destination: Destination): Suspect | undefined {
    // Asked for every send of every broker, and nearly always there are none.
    if (suspects.size === 0) return undefined;
    const key = keyOf(message, destination);
    const found = suspects.get(key);
    if (found === undefined || clock.monotonic() - found.seenAt < forgottenAfterMs) return found;
    suspects.delete(key);
    return undefined;
  }

  function keep(message: Message, destination: Destination, is: Omit<Suspect, 'seenAt'>): void {
    const key = keyOf(message, destination);
    suspects.delete(key);
    suspects.set(key, { ...is, seenAt: clock.monotonic() });
    const [oldest] = suspects.keys();
    if (suspects.size > mostSuspects && oldest !== undefined) suspects.delete(oldest);
  }

  const mostTogether = (message: Message, destination: Destination): number =>
    find(message, destination)?.mostTogether ?? Infinity;
  const lossesAlone = (message: Message, destination: Destination): number =>
    find(message, destination)?.lossesAlone ?? 0;

  return {
    has: (message, destination) => find(message, destination) !== undefined,
    mostTogether,
    isNearlyProven: (message, destination) => lossesAlone(message, destination) + 1 >= proof,
    add(message, destination) {
      keep(message, destination, { mostTogether: 1, lossesAlone: lossesAlone(message, destination) });
    },
    suspect(message, destination) {
      const before = { mostTogether: mostTogether(message, destination) };
      keep(message, destination, { ...before, lossesAlone: lossesAlone(message, destination) });
    },
    blame(message, destination, { size, wasTrial, error, broker }) {
      const count = lossesAlone(message, destination) + (wasTrial && size === 1 ? 1 : 0);
      const half = Math.floor(Math.min(size, mostTogether(message, destination)) / 2);
      // Once refused it is refused at its next loss alone: it is sent again after a while only.
      keep(message, destination, {
        mostTogether: Math.max(1, half),
        lossesAlone: Math.min(count, proof - 1),
      });
      return count < proof ? error : verdict(message, destination, broker);
    },
    clear(message, destination) {
      if (suspects.size > 0) suspects.delete(keyOf(message, destination));
    },
  };
}

function keyOf({ messageId }: Message, { kind, name }: Destination): string {
  return `${messageId} ${kind} ${name}`;
}

/** Counted, and never final at once: nothing but its log says why the broker did it. */
function verdict({ body }: Message, { name }: Destination, broker: DetectedDialect): ReplytoError {
  const { server, dialect, version } = broker;
  const bytes = body.byteLength;
  const limit = dialect.usualFrameLimitBytes?.(version);
  const ended = `${server} ended the connection ${proof} times while this message of ${bytes} bytes alone was under way, and kept its others`;
  const detail =
    limit !== undefined && bytes >= limit
      ? `${ended}: frames of that size are too large for it unless stomp.max_frame_size is raised there`
      : `${ended}; its log says why: the queue may have other arguments, be forbidden, or be full and reject what is sent${limit === undefined ? '' : ', or the frame be larger than stomp.max_frame_size'}`;
  return new ReplytoError('SEND_REFUSED', { detail, destination: name });
}
