import { WebSocketServer } from 'ws';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { stompSubProtocols } from '#adapters/stomp-server/frame.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { UpgradeHandler } from '#gateway/gateway.js';
import type { Principal } from '#gateway/principal.js';
import { StatusError } from '#gateway/problem.js';
import { endWithProblem } from '#gateway/connection/raw-problem.js';
import { isLoopback } from './loopback.js';
import { systemClock as clock } from './system-clock.js';

/** Of RFC 6455, 7.4.1: the client may come back only with another token. */
const policyViolation = 1008;
/** Larger messages are refused by the STOMP session too, with a better explanation below this. */
const maxMessageBytes = 16 * 1024 * 1024;

/**
 * `/broker`: STOMP over WebSocket to the embedded broker, on the HTTP port. Where nobody has to log in it serves only
 * callers on this machine, like its TCP port, wherever HTTP listens; others get 403. Where callers have tokens it serves
 * whoever has the right `broker`, from anywhere: behind a proxy everybody seems to be on this machine. It ends when the
 * token is withdrawn or expires.
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
      (request, socket, head, principal) => {
        const refusal = refusalOf(principal, request.socket.remoteAddress);
        if (refusal !== undefined) {
          // A client that is gone already must not end the process.
          socket.on('error', () => socket.destroy());
          endWithProblem(socket, refusal);
          return;
        }
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const unwatch = principal.onEnd(clock, () => webSocket.close(policyViolation));
          webSocket.once('close', unwatch);
          embedded.acceptWebSocket(webSocket, socket);
        });
      },
    ],
  ]);

  function refusalOf(principal: Principal, remoteAddress: string | undefined): ReplytoError | undefined {
    if (principal.name !== null) {
      if (principal.mayUseBroker()) return undefined;
      const right = `the path of another resource: '${principal.name}' lacks the right 'broker', by which all queues of the embedded broker may be used`;
      return new ReplytoError('NOT_PERMITTED', { problems: [toProblem('path', '/broker', right)] });
    }
    if (remoteAddress !== undefined && isLoopback(remoteAddress)) return undefined;
    const problems = [toProblem('address of the caller', remoteAddress, allowed)];
    return new StatusError(403, 'INVALID_REQUEST', { problems });
  }
}
