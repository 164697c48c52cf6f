import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { stompSubProtocols } from '#adapters/stomp-server/frame.js';
import type { ReplytoError } from '#core/errors.js';
import type { UpgradeHandler } from '#gateway/gateway.js';
import type { Principal } from '#gateway/principal.js';
import { endWithProblem } from '#gateway/connection/raw-problem.js';
import { systemClock as clock } from './system-clock.js';

/** Of RFC 6455, 7.4.1: the client may come back only with another token. */
const policyViolation = 1008;
/** So that peers that are gone without a word are found, whatever heart-beats were agreed on. */
const keepAliveMs = 30_000;

export interface StompUpgradeOptions {
  /** Of one message; a larger one ends its connection before it is read. */
  readonly maxMessageBytes: number;
  /** Why this caller gets no WebSocket; undefined when it does. */
  readonly refusalOf: (principal: Principal, request: IncomingMessage) => ReplytoError | undefined;
  readonly accept: (webSocket: WebSocket, socket: Duplex, principal: Principal) => void;
}

/** Upgrades to WebSockets that carry STOMP; they end when the token of their caller is withdrawn or expires. */
export function createStompUpgrade({
  maxMessageBytes,
  refusalOf,
  accept,
}: StompUpgradeOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    autoPong: false,
    handleProtocols: (offered) => stompSubProtocols.find((known) => offered.has(known)) ?? false,
  });
  return (request, socket, head, principal) => {
    const refusal = refusalOf(principal, request);
    if (refusal !== undefined) {
      // A client that is gone already must not end the process.
      socket.on('error', () => socket.destroy());
      endWithProblem(socket, refusal);
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      request.socket.setKeepAlive(true, keepAliveMs);
      const unwatch = principal.onEnd(clock, () => webSocket.close(policyViolation));
      webSocket.once('close', unwatch);
      accept(webSocket, socket, principal);
    });
  };
}
