/**
 * WebSocket endpoints by path, and calls that want a tunnel, which nobody gets. Node hands every call with an `Upgrade` header over as soon as anybody listens for
 * upgrades, and takes its parser off the connection: an offer of another protocol, such as the `h2c` of Java's HTTP
 * client, is put back without that header and answered as the plain call that it is (RFC 9110, 7.8).
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Authentication } from '../authentication.js';
import type { Connections } from './connections.js';
import { methodsInWords } from '../methods.js';
import type { OriginRule } from '../origin.js';
import type { Principal } from '../principal.js';
import { toGatewayError } from '../problem.js';
import { takeQueryToken } from '../query-token.js';
import { connectionEventOf } from './http-server.js';
import { protocolFault } from './protocol.js';
import { endWithProblem } from './raw-problem.js';

/** Takes over the socket of an upgraded connection. */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  principal: Principal,
) => void;

export interface UpgradeOptions {
  readonly originRule: OriginRule;
  readonly authentication: Pick<Authentication, 'ofUpgrade'>;
  readonly handlers: ReadonlyMap<string, UpgradeHandler>;
  readonly connections: Connections;
  /** That some resource is served with. */
  readonly methods: readonly string[];
}

export function serveUpgrades(
  server: Server,
  { originRule, authentication, handlers, connections, methods }: UpgradeOptions,
): void {
  function serve(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin, upgrade = '' } = request.headers;
    if (!/(?:^|[\s,])websocket(?:[\s,]|$)/iu.test(upgrade)) {
      serveAsPlainCall(server, request, socket, head);
      return;
    }
    takeQueryToken(request);
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = handlers.get(path);
    const fault = protocolFault(request);
    if (fault !== undefined) {
      refuse(socket, fault.error);
    } else if (handler === undefined) {
      const allowed = [...handlers.keys()].join(' or ') || 'no path: there are no WebSockets here';
      refuse(socket, new ReplytoError('ROUTE_NOT_FOUND', { problems: [toProblem('path', path, allowed)] }));
    } else if (!originRule.isAllowed(origin)) {
      const problems = [toProblem('Origin', origin, 'the own origin or one of http.allowedOrigins')];
      refuse(socket, new ReplytoError('ORIGIN_NOT_ALLOWED', { problems }));
    } else {
      void handOver(handler, request, socket, head);
    }
  }

  async function handOver(
    handler: UpgradeHandler,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    try {
      const principal = await authentication.ofUpgrade(request);
      // Gone while it was found out who it is, or ended because the gateway stops.
      if (!socket.writable) return;
      connections.handOver(socket);
      socket.off('error', onError);
      handler(request, socket, head, principal);
    } catch (error) {
      endWithProblem(socket, toGatewayError(error));
    }
  }

  function inTurn(socket: Duplex, proceed: () => void): void {
    // Node has taken its listener off; a client that is gone already must not end the process.
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    // This event comes from within the parser, and a second one on the socket must not meet it.
    setImmediate(() => {
      // What was asked before on this connection is answered first; its answer may also have been the last.
      connections.whenAnswered(socket, () => {
        if (!socket.writable) return;
        socket.off('error', onError);
        proceed();
      });
    });
  }

  server.on('upgrade', (request, socket, head) => {
    inTurn(socket, () => serve(request, socket, head));
  });
  // Without a listener Node would close the connection without a word.
  server.on('connect', (_request, socket) => {
    inTurn(socket, () => {
      const allowed = methodsInWords(methods);
      const problems = [toProblem('method', 'CONNECT', allowed)];
      refuse(socket, new ReplytoError('METHOD_NOT_ALLOWED', { problems }), [`Allow: ${allowed}`]);
    });
  });
}

function refuse(socket: Duplex, error: ReplytoError, headers: readonly string[] = []): void {
  socket.on('error', () => socket.destroy());
  endWithProblem(socket, error, headers);
}

function serveAsPlainCall(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  // Of the call before, if that was answered only now: this one may take longer.
  (socket as Socket).setTimeout(0);
  socket.unshift(Buffer.concat([bytes, head]));
  server.emit(connectionEventOf(server), socket);
}
