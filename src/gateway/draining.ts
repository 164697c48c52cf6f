/**
 * Ends the connections of an HTTP server: idle ones at once, the others with their answer, all of them at the
 * deadline. What was handed over to a WebSocket belongs to whoever took it, and nobody waits for it here.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createDeferred } from '#core/deferred.js';
import type { Clock } from '#core/ports/clock.js';

export interface Draining {
  /** Takes a connection out of the count, for good. */
  handOver(socket: Duplex): void;
  /** Stops listening; resolves when no connection is left, at the latest after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
}

export function createDraining(server: Server, clock: Clock): Draining {
  const connections = new Set<Socket>();
  const drained = createDeferred<undefined>();
  let isDraining = false;

  function check(): void {
    if (!isDraining) return;
    // A client may keep its connection open for long after its last answer.
    server.closeIdleConnections();
    for (const socket of connections) {
      // Opened ahead of need, as browsers do; Node waits for its first call.
      if (socket.bytesRead === 0) socket.destroy();
    }
    if (connections.size === 0) drained.resolve(undefined);
  }

  server.on('connection', (socket) => {
    // A call that offered another protocol comes by here again, on the same connection.
    if (connections.has(socket)) return;
    connections.add(socket);
    socket.once('close', () => {
      connections.delete(socket);
      check();
    });
  });
  server.on('request', (_request, response) => response.once('close', check));

  return {
    handOver(socket) {
      connections.delete(socket as Socket);
      check();
    },
    async drain(deadlineMs) {
      isDraining = true;
      server.close();
      check();
      const cancel = clock.after(deadlineMs, () => {
        for (const socket of connections) socket.destroy();
      });
      await drained.promise;
      cancel();
    },
  };
}
