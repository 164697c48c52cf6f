/**
 * The open connections of an HTTP server and the calls on each that are not over. Node itself takes a connection for
 * idle as soon as its last answer was ended, though its client may have read nothing of it yet.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Call {
  /** `complete` once all of it has been read. */
  readonly request: IncomingMessage;
  /** `writableFinished` once the system has taken all of it. */
  readonly response: ServerResponse;
}

export interface Connections {
  /** Those of HTTP; what was handed over is none any more. */
  readonly open: ReadonlySet<Socket>;
  /** Calls that have not come whole or are not answered whole, in their order, which is that of their answers too. */
  calls(socket: Duplex): readonly Call[];
  /** Calls back once every call that came so far is answered: at once when all are, never when the connection ends first. */
  whenAnswered(socket: Duplex, callback: () => void): void;
  /** Takes a connection out, for good. */
  handOver(socket: Duplex): void;
  /** Calls back when a call was answered and when a connection has ended or was handed over. */
  onChange(callback: () => void): void;
}

export function trackConnections(server: Server): Connections {
  const calls = new Map<Duplex, Call[]>();
  const open = new Set<Socket>();
  const callbacks: (() => void)[] = [];

  function change(): void {
    for (const callback of callbacks) callback();
  }

  function take(socket: Duplex): void {
    calls.delete(socket);
    open.delete(socket as Socket);
    change();
  }

  function callsOf(socket: Duplex): Call[] {
    const left = (calls.get(socket) ?? []).filter(
      ({ request, response }) => !request.complete || !response.writableFinished,
    );
    if (calls.has(socket)) calls.set(socket, left);
    return left;
  }

  server.on('connection', (socket) => {
    // A call that offered another protocol comes by here again, on the same connection.
    if (open.has(socket)) return;
    open.add(socket);
    calls.set(socket, []);
    socket.once('close', () => take(socket));
  });
  // Before those who answer, so that a call is known when its answer ends.
  server.prependListener('request', (request, response) => {
    callsOf(request.socket).push({ request, response });
    response.once('close', change);
  });

  return {
    open,
    calls: callsOf,
    whenAnswered(socket, callback) {
      const last = callsOf(socket).findLast(({ response }) => !response.writableFinished);
      if (last === undefined) callback();
      else last.response.once('finish', callback);
    },
    handOver: take,
    onChange: (callback) => void callbacks.push(callback),
  };
}
