import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { UpgradeHandler } from '#gateway/gateway.js';
import type { Principal } from '#gateway/principal.js';
import { StatusError } from '#gateway/problem.js';
import { isLoopback } from './loopback.js';
import { createStompUpgrade } from './stomp-upgrade.js';

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
  const allowed =
    'an address of the machine of the gateway: nobody has to log in at /broker; ' +
    `programs there also find STOMP at TCP port ${tcpPort ?? 'broker.port'}`;
  const upgrade = createStompUpgrade({
    maxMessageBytes,
    refusalOf: (principal, request) => refusalOf(principal, request.socket.remoteAddress),
    accept: (webSocket, socket) => embedded.acceptWebSocket(webSocket, socket),
  });
  return new Map([['/broker', upgrade]]);

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
