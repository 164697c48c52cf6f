import { WebSocketServer } from 'ws';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { stompSubProtocols } from '#adapters/stomp-server/frame.js';
import { toProblem } from '#core/errors.js';
import type { UpgradeHandler } from '#gateway/gateway.js';
import { StatusError } from '#gateway/problem.js';
import { endWithProblem } from '#gateway/connection/raw-problem.js';
import { isLoopback } from './loopback.js';

/** Larger messages are refused by the STOMP session too, with a better explanation below this. */
const maxMessageBytes = 16 * 1024 * 1024;

/**
 * `/broker`: STOMP over WebSocket to the embedded broker, on the HTTP port. Like its TCP port it serves only callers on
 * this machine, wherever HTTP listens, because nobody has to log in; others get 403.
 *
 * @param tcpPort of the embedded broker, for the problem; absent: it names the setting
 */
export function createBrokerUpgrade(
  embedded: EmbeddedBroker | undefined,
  tcpPort?: number,
): ReadonlyMap<string, UpgradeHandler> {
  if (embedded === undefined) return new Map();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    autoPong: false,
    handleProtocols: (offered) => stompSubProtocols.find((known) => offered.has(known)) ?? false,
  });
  const allowed =
    'an address of the machine of the gateway: nobody has to log in at /broker; ' +
    `programs there also find STOMP at TCP port ${tcpPort ?? 'broker.port'}`;
  return new Map([
    [
      '/broker',
      (request, socket, head) => {
        const { remoteAddress } = request.socket;
        if (remoteAddress === undefined || !isLoopback(remoteAddress)) {
          const problems = [toProblem('address of the caller', remoteAddress, allowed)];
          // A client that is gone already must not end the process.
          socket.on('error', () => socket.destroy());
          endWithProblem(socket, new StatusError(403, 'INVALID_REQUEST', { problems }));
          return;
        }
        server.handleUpgrade(request, socket, head, (webSocket) =>
          embedded.acceptWebSocket(webSocket, socket),
        );
      },
    ],
  ]);
}
