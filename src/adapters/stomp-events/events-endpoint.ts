import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '#core/ports/clock.js';
import type { EventFeeds } from '#core/ports/event-feeds.js';
import type { Logger } from '#core/ports/logger.js';
import { createStompConnections } from '#adapters/stomp-server/connections.js';
import type { SubscriberLimits } from './limits.js';
import { defaultSubscriberLimits } from './limits.js';
import { createSubscriber } from './subscriber.js';

/** Brings events to STOMP clients over WebSocket that subscribe, and do nothing else. */
export interface EventsEndpoint {
  /** Serves an upgraded WebSocket, as `StompConnections.openWebSocket` does. @param feeds what this client may follow */
  acceptWebSocket(socket: WebSocket, stream: Duplex | undefined, feeds: EventFeeds): void;
  /** Closes all connections; what is not closed after so many milliseconds is destroyed. */
  stop(deadlineMs: number): Promise<void>;
  readonly connections: number;
}

export interface EventsEndpointOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the product, for the `server` header of CONNECTED. */
  readonly version: string;
  /** From then on nobody is served. */
  readonly isStopping: () => boolean;
  /** Replaces single defaults. */
  readonly limits?: Partial<SubscriberLimits>;
}

export function createEventsEndpoint(options: EventsEndpointOptions): EventsEndpoint {
  const { clock, logger, version } = options;
  const limits = { ...defaultSubscriberLimits, ...options.limits };
  let isStopped = false;
  const isServing = (): boolean => !isStopped && !options.isStopping();
  const connections = createStompConnections({
    ...{ clock, logger, limits, isServing },
    server: `replyto-events/${version}`,
  });
  return {
    acceptWebSocket(socket, stream, feeds) {
      connections.openWebSocket(socket, stream, (session) =>
        createSubscriber({ session, feeds, isServing, mostSubscriptions: limits.subscriptions }),
      );
    },
    stop(deadlineMs) {
      isStopped = true;
      return connections.close(deadlineMs);
    },
    get connections() {
      return connections.size;
    },
  };
}
