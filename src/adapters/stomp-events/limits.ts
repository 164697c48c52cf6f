import type { SessionLimits } from '#adapters/stomp-server/limits.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';

/** What one subscriber may take up. It sends nothing large, and there may be many. */
export interface SubscriberLimits extends SessionLimits {
  /** Subscriptions of one connection. Default 100. */
  readonly subscriptions: number;
}

/** Bytes of one message of a WebSocket; a larger one ends its connection before it is read. */
export const mostMessageBytes = 64 * 1024;

export const defaultSubscriberLimits: SubscriberLimits = {
  ...defaultSessionLimits,
  headerBlockBytes: 16 * 1024,
  headerCount: 50,
  headerLineBytes: 4 * 1024,
  bodyBytes: 32 * 1024,
  frameBytesBeforeConnect: 16 * 1024,
  outputBytes: 64 * 1024,
  outputStallMs: 30_000,
  subscriptions: 100,
};
