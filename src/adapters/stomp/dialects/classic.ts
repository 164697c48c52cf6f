import type { Dialect } from './dialect.js';
import { fromSlashAddress, prefetchHeader, toSlashAddress } from './dialect.js';

/** ActiveMQ Classic. `content-length` decides between BytesMessage and TextMessage there. */
export const classicDialect: Dialect = {
  name: 'classic',
  toAddress: toSlashAddress,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: true,
  lengthTellsForm: true,
  stableMessageIds: true,
  // It drops binary messages without a word and sends every body as text.
  webSocketCarries: 'text',
  sendsTimestamp: true,
  namesRefusedFrames: true,
  expiryHeaders: (expiresAt) => ({ expires: String(expiresAt) }),
  sendHeaders: () => ({}),
  subscribeHeaders: prefetchHeader('activemq.prefetchSize'),
};
