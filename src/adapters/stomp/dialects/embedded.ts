import type { Dialect } from './dialect.js';
import { fromSlashAddress, messageIdHeader, oneConsumer, prefetchHeader, toSlashAddress } from './dialect.js';

/** The broker in adapters/broker: every body has its length, the broker's id is stored with the message. */
export const embeddedDialect: Dialect = {
  name: 'embedded',
  toAddress: toSlashAddress,
  toReplyAddress: toSlashAddress,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: false,
  lengthTellsForm: false,
  brokerId: messageIdHeader,
  stableMessageIds: true,
  webSocketCarries: 'bytes',
  closesItself: false,
  sendsTimestamp: false,
  namesRefusedFrames: true,
  saysFull: /^(?:store|memory) full\b/u,
  // It knows no expiry; `expires` is an ordinary header there.
  expiryHeaders: () => ({}),
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('prefetch-count'),
  nothingHeaders: null,
  consumers: oneConsumer,
  inquiry: { cannot: 'the embedded broker of another process does not tell of its queues over STOMP' },
};
