import { WebSocketServer } from 'ws';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { stompSubProtocols } from '#adapters/stomp-server/frame.js';
import type { UpgradeHandler } from '#gateway/gateway.js';

/** Larger messages are refused by the STOMP session too, with a better explanation below this. */
const maxMessageBytes = 16 * 1024 * 1024;

/** `/broker`: STOMP over WebSocket to the embedded broker, on the HTTP port. */
export function createBrokerUpgrade(
  embedded: EmbeddedBroker | undefined,
): ReadonlyMap<string, UpgradeHandler> {
  if (embedded === undefined) return new Map();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => stompSubProtocols.find((known) => offered.has(known)) ?? false,
  });
  return new Map([
    [
      '/broker',
      (request, socket, head) =>
        server.handleUpgrade(request, socket, head, (webSocket) =>
          embedded.acceptWebSocket(webSocket, socket),
        ),
    ],
  ]);
}
