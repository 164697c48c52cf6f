import type { Dialect } from './dialect.js';
import { fromSlashAddress, messageIdHeader, oneConsumer, prefetchHeader, toSlashAddress } from './dialect.js';

/** RabbitMQ with its STOMP plugin. */
export const rabbitmqDialect: Dialect = {
  name: 'rabbitmq',
  toAddress: toSlashAddress,
  toReplyAddress: toSlashAddress,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: false,
  lengthTellsForm: false,
  // It numbers deliveries, not messages.
  brokerId: messageIdHeader,
  stableMessageIds: false,
  webSocketCarries: 'bytes',
  closesItself: false,
  // It counts seconds.
  sendsTimestamp: false,
  expiryHeaders: (expiresAt, now) => ({ expiration: String(Math.max(0, expiresAt - now)) }),
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('prefetch-count'),
  nothingHeaders: null,
  consumers: oneConsumer,
};
