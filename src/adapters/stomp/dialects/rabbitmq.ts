import type { Dialect } from './dialect.js';
import { fromSlashAddress, prefetchHeader, toSlashAddress } from './dialect.js';

/** RabbitMQ with its STOMP plugin. */
export const rabbitmqDialect: Dialect = {
  name: 'rabbitmq',
  toAddress: toSlashAddress,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: false,
  lengthTellsForm: false,
  // It numbers deliveries, not messages.
  stableMessageIds: false,
  webSocketCarries: 'bytes',
  // It counts seconds.
  sendsTimestamp: false,
  expiryHeaders: (expiresAt, now) => ({ expiration: String(Math.max(0, expiresAt - now)) }),
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('prefetch-count'),
};
