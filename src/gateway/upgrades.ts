/**
 * WebSocket endpoints by path. Node hands every call with an `Upgrade` header over as soon as anybody listens for
 * upgrades, and takes its parser off the connection: an offer of another protocol, such as the `h2c` of Java's HTTP
 * client, is put back without that header and answered as the plain call that it is (RFC 9110, 7.8).
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { toProblem } from '#core/errors.js';
import type { OriginRule } from './origin.js';
import { rawProblem } from './unreadable-calls.js';

/** Takes over the socket of an upgraded connection. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface UpgradeOptions {
  readonly originRule: OriginRule;
  readonly handlers: ReadonlyMap<string, UpgradeHandler>;
  /** Called before a handler gets the socket: it is no connection of HTTP any more. */
  readonly onHandOver: (socket: Duplex) => void;
}

export function serveUpgrades(server: Server, { originRule, handlers, onHandOver }: UpgradeOptions): void {
  server.on('upgrade', (request, socket, head) => {
    const { origin, upgrade = '' } = request.headers;
    if (!/(?:^|[\s,])websocket(?:[\s,]|$)/iu.test(upgrade)) {
      serveAsPlainCall(server, request, socket, head);
      return;
    }
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = handlers.get(path);
    if (handler === undefined) {
      const allowed = [...handlers.keys()].join(' or ') || 'no path: there are no WebSockets here';
      refuse(socket, rawProblem(404, 'ROUTE_NOT_FOUND', [toProblem('path', path, allowed)]));
    } else if (!originRule.isAllowed(origin)) {
      const problems = [toProblem('Origin', origin, 'the own origin or one of http.allowedOrigins')];
      refuse(socket, rawProblem(403, 'ORIGIN_NOT_ALLOWED', problems));
    } else {
      onHandOver(socket);
      handler(request, socket, head);
    }
  });
}

function refuse(socket: Duplex, answer: string): void {
  // Node has taken its listener off; a client that is gone already must not end the process.
  socket.on('error', () => socket.destroy());
  socket.end(answer);
}

function serveAsPlainCall(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([bytes, head]));
  server.emit('connection', socket);
}
