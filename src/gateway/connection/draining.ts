/**
 * Ends the connections of an HTTP server: idle ones at once, the others with their answer. A call that has not come
 * whole is refused, because it may never come. What was handed over to a WebSocket belongs to whoever took it, and
 * nobody waits for it here.
 */
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createDeferred } from '#core/deferred.js';
import type { Clock } from '#core/ports/clock.js';
import type { Call, Connections } from './connections.js';

export interface DrainingOptions {
  readonly server: Server;
  readonly connections: Connections;
  readonly clock: Clock;
  /** Answers a call whose body is still coming, as the last one of its connection. */
  readonly refuse: (call: Call) => void;
}

export interface Draining {
  /** Stops listening; resolves when no connection is left, at the latest after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
}

export function createDraining({ server, connections, clock, refuse }: DrainingOptions): Draining {
  const drained = createDeferred<undefined>();
  let isDraining = false;

  function end(socket: Duplex): void {
    const calls = connections.calls(socket);
    for (const call of calls) {
      if (!call.request.complete) endEarly(call);
    }
    const isAnswered = calls.every(({ response }) => response.writableFinished);
    // A client may keep its connection open for long after its last answer, or open it ahead of need.
    if (isAnswered && socket.writable) (socket as Socket).destroySoon();
  }

  function check(sockets: Iterable<Duplex>): void {
    if (!isDraining) return;
    for (const socket of sockets) end(socket);
    if (connections.open.size === 0) drained.resolve(undefined);
  }

  function endEarly(call: Call): void {
    const { response } = call;
    if (!response.headersSent) refuse(call);
    else if (!response.writableEnded) response.end();
  }

  // A look at all of them at each change would take long when there are thousands.
  connections.onChange((socket) => check(connections.open.has(socket as Socket) ? [socket] : []));

  return {
    async drain(deadlineMs) {
      isDraining = true;
      // close() of an HTTP server would cut off answers that their clients have not read yet.
      NetServer.prototype.close.call(server);
      check(connections.open);
      const cancel = clock.after(deadlineMs, () => {
        for (const socket of connections.open) socket.destroy();
      });
      await drained.promise;
      cancel();
      // Ends its watch for calls that take too long.
      server.close();
    },
  };
}
