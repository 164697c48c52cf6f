import type { Destination } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Dialect } from './dialect.js';
import { fromSlashAddress, messageIdHeader, oneConsumer, prefetchHeader, toSlashAddress } from './dialect.js';

/** The longest time to live that it takes, in milliseconds (49 days); it refuses the message for a longer one. */
const longestExpirationMs = 2 ** 32 - 1;

const slash = '%2F';

/** Of `stomp.max_frame_size`, which came with 3.13. */
function usualFrameLimitBytes(version: string): number | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 13) ? 4 * 1024 * 1024 : undefined;
}

/**
 * A name is one segment there: a slash in it is written `%2F`, the only escape that it reads; every other `%` means itself.
 * It writes more of them in `destination` of a MESSAGE, which is therefore not read.
 */
function toAddress(destination: Destination): string {
  const { kind, name } = destination;
  if (kind === 'opaque') return name;
  if (name.includes(slash)) {
    const allowed = `a name without ${slash}, which RabbitMQ takes for a slash`;
    throw new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem('destination', name, allowed)] });
  }
  return toSlashAddress({ kind, name: name.replaceAll('/', slash) });
}

/**
 * `/queue/N` and `/topic/N` are read. `/reply-queue/N`, `/amq/queue/N` and `/exchange/...` go back as they came: a queue
 * that another client made must not be declared again, and often could not be.
 */
function fromAddress(address: string): Destination {
  const { kind, name } = fromSlashAddress(address);
  return kind === 'opaque' ? { kind, name } : { kind, name: name.replaceAll(slash, '/') };
}

/** RabbitMQ with its STOMP plugin. Never `persistent:false`: that would declare a queue for one connection alone. */
export const rabbitmqDialect: Dialect = {
  name: 'rabbitmq',
  toAddress,
  toReplyAddress: toAddress,
  fromAddress,
  textWithoutContentLength: false,
  lengthTellsForm: false,
  // It numbers deliveries, not messages.
  brokerId: messageIdHeader,
  stableMessageIds: false,
  webSocketCarries: 'bytes',
  closesItself: false,
  // It counts seconds.
  sendsTimestamp: false,
  namesRefusedFrames: false,
  usualFrameLimitBytes,
  expiryHeaders(expiresAt, now) {
    const expiration = Math.max(0, expiresAt - now);
    return expiration > longestExpirationMs ? {} : { expiration: String(expiration) };
  },
  // Arguments of the queue that a SEND declares, and of its own: `x-message-ttl:1` would make a queue that loses messages.
  ownHeaders:
    /^(?:x-(?:message-ttl|expires|max-.*|overflow|dead-letter-.*|queue-.*|stream-.*|single-active-consumer|delivery-limit|priority|quorum-.*|initial-.*|consumer-timeout)|durable|exclusive|auto-delete|user-id|amqp-message-id)$/u,
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('prefetch-count'),
  nothingHeaders: null,
  consumers: oneConsumer,
  inquiry: { cannot: 'RabbitMQ does not tell of its queues over STOMP; rabbitmqctl list_queues does' },
};
