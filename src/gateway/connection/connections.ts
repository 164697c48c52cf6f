/**
 * The open connections of an HTTP server and the calls on each that are not over. Node itself takes a connection for
 * idle as soon as its last answer was ended, though its client may have read nothing of it yet.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectionEventOf } from './http-server.js';

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
  /**
   * Calls back once every call that came so far is answered and Node is through with it, so that the connection may be
   * written to or taken over: at once when all are, never when the connection ends first.
   */
  whenAnswered(socket: Duplex, callback: () => void): void;
  /** Takes a connection out, for good. */
  handOver(socket: Duplex): void;
  /** Calls back with the connection of which a call was answered, or which has ended or was handed over. */
  onChange(callback: (socket: Duplex) => void): void;
}

export function trackConnections(server: Server): Connections {
  const calls = new Map<Duplex, Call[]>();
  const open = new Set<Socket>();
  const callbacks: ((socket: Duplex) => void)[] = [];

  function change(socket: Duplex): void {
    for (const callback of callbacks) callback(socket);
  }

  function take(socket: Duplex): void {
    calls.delete(socket);
    open.delete(socket as Socket);
    change(socket);
  }

  server.on(connectionEventOf(server), (socket: Socket) => {
    // A call that offered another protocol comes by here again, on the same connection.
    if (open.has(socket)) return;
    open.add(socket);
    calls.set(socket, []);
    socket.once('close', () => take(socket));
  });
  // Before those who answer, so that a call is known when its answer ends.
  server.prependListener('request', (request, response) => {
    const { socket } = request;
    calls.get(socket)?.push({ request, response });
    response.once('close', () => {
      dropFirst(calls.get(socket) ?? []);
      change(socket);
    });
  });

  return {
    open,
    calls: (socket) => (calls.get(socket) ?? []).filter((call) => !isOver(call)),
    whenAnswered(socket, callback) {
      const proceed = (): void => {
        if (!socket.destroyed) callback();
      };
      const last = calls.get(socket)?.at(-1)?.response;
      // An answer is finished before Node has taken it off the connection; only then it is closed.
      if (last === undefined || last.closed) proceed();
      else last.once('close', proceed);
    },
    handOver: take,
    onChange: (callback) => void callbacks.push(callback),
  };
}

function isOver({ request, response }: Call): boolean {
  return request.complete && response.writableFinished;
}

/** Drops the calls that are over up to the first one that is not: a look at all, for each of many, would take long. */
function dropFirst(calls: Call[]): void {
  const left = calls.findIndex((call) => !isOver(call));
  calls.splice(0, left === -1 ? calls.length : left);
}
