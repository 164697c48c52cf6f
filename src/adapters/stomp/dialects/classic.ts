import { classicInquiry } from '../inspection/classic-inquiry.js';
import type { Dialect } from './dialect.js';
import { fromSlashAddress, messageIdHeader, oneConsumer, prefetchHeader, toSlashAddress } from './dialect.js';

/** ActiveMQ Classic. `content-length` decides between BytesMessage and TextMessage there. */
export const classicDialect: Dialect = {
  name: 'classic',
  toAddress: toSlashAddress,
  toReplyAddress: toSlashAddress,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: true,
  lengthTellsForm: true,
  brokerId: messageIdHeader,
  stableMessageIds: true,
  // It drops binary messages without a word and sends every body as text.
  webSocketCarries: 'text',
  closesItself: false,
  sendsTimestamp: true,
  namesRefusedFrames: true,
  // With `sendFailIfNoSpace`: the memory limit, the store or the temporary store.
  saysFull: /\bUsage Manager\b.*\b(?:full|reached)\b|\bstore is full\b|\bto prevent flooding\b/iu,
  expiryHeaders: (expiresAt) => ({ expires: String(expiresAt) }),
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('activemq.prefetchSize'),
  nothingHeaders: { selector: '1 = 0' },
  consumers: oneConsumer,
  inquiry: classicInquiry,
};
