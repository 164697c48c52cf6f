import type { EventsEndpoint } from '#adapters/stomp-events/events-endpoint.js';
import { mostMessageBytes } from '#adapters/stomp-events/limits.js';
import { ReplytoError } from '#core/errors.js';
import type { EventFeeds } from '#core/ports/event-feeds.js';
import type { UpgradeHandler } from '#gateway/gateway.js';
import type { Principal } from '#gateway/principal.js';
import { createNameShares } from '#messaging/name-shares.js';
import { createStompUpgrade } from './stomp-upgrade.js';

export interface EventsUpgradeOptions {
  readonly endpoint: Pick<EventsEndpoint, 'acceptWebSocket'>;
  readonly feedsOf: (principal: Principal) => EventFeeds;
  /** Connections at the same time; no name takes them all. */
  readonly mostConnections: number;
  readonly isStopping: () => boolean;
}

/**
 * `/stomp`: STOMP over WebSocket on the HTTP port for who follows projects and requests, whichever broker there is. It
 * is open to whom HTTP is open to, and what each may follow is found out at each subscription.
 */
export function createEventsUpgrade({
  endpoint,
  feedsOf,
  mostConnections,
  isStopping,
}: EventsUpgradeOptions): ReadonlyMap<string, UpgradeHandler> {
  const connections = createNameShares({ limit: mostConnections, what: 'connections to /stomp are open' });
  const upgrade = createStompUpgrade({
    maxMessageBytes: mostMessageBytes,
    refusalOf({ name }) {
      if (isStopping()) return new ReplytoError('SHUTTING_DOWN');
      const refusal = connections.refusal(name);
      return refusal === null ? undefined : new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
    },
    accept(webSocket, socket, principal) {
      webSocket.once('close', connections.take(principal.name));
      endpoint.acceptWebSocket(webSocket, socket, feedsOf(principal));
    },
  });
  return new Map([['/stomp', upgrade]]);
}
