import type { Destination } from '#core/destination.js';
import type { Dialect } from './dialect.js';
import { fromSlashAddress } from './dialect.js';

/** Bytes that a consumer of a queue is sent ahead, for each message that it may have unacknowledged. */
const bytesPerMessage = 2_048;

function routingType({ kind }: Destination): string {
  return kind === 'topic' ? 'MULTICAST' : 'ANYCAST';
}

/** ActiveMQ Artemis: names are literal there, and what is not said to be for one consumer goes to all or to nobody. */
export const artemisDialect: Dialect = {
  name: 'artemis',
  toAddress: ({ name }) => name,
  fromAddress: fromSlashAddress,
  textWithoutContentLength: true,
  // Every body comes with its length.
  lengthTellsForm: false,
  stableMessageIds: false,
  webSocketCarries: 'bytes',
  // It keeps its own time and sends the sender's as a second header.
  sendsTimestamp: false,
  namesRefusedFrames: true,
  expiryHeaders: (expiresAt) => ({ expires: String(expiresAt) }),
  sendHeaders: (destination) => ({ 'destination-type': routingType(destination) }),
  subscribeHeaders: (destination, prefetch) => ({
    'subscription-type': routingType(destination),
    ...(destination.kind === 'topic' ? {} : { 'consumer-window-size': String(prefetch * bytesPerMessage) }),
  }),
};
