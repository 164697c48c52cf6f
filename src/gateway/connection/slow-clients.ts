/**
 * Lets go of clients that take nothing of their answers: what waits for them is memory of everybody. A client that is
 * slow is no such client: whatever the system takes of an answer counts.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '#core/ports/clock.js';
import type { Connections } from './connections.js';
import { connectionEventOf } from './http-server.js';

/**
 * The system says that it has taken something when a good part of its own buffer is free again, so a client that reads
 * 10 kB each second seems to stand still for minutes.
 */
const stalledMs = 5 * 60_000;

interface SlowClientOptions {
  readonly connections: Pick<Connections, 'open'>;
  readonly clock: Clock;
}

/** Closes a connection of which the system has taken nothing for `stalledMs` to twice that, though it should. */
export function endSlowClients(server: Server, { connections, clock }: SlowClientOptions): void {
  const watched = new WeakSet<Socket>();

  function watch(socket: Socket): void {
    let before = progressOf(socket);
    let cancel = clock.after(stalledMs, look);
    socket.once('close', () => cancel());

    function look(): void {
      // It is a WebSocket now, and of whoever took it.
      if (!connections.open.has(socket)) return;
      const now = progressOf(socket);
      if (now !== null && now === before) {
        socket.destroy();
        return;
      }
      before = now;
      cancel = clock.after(stalledMs, look);
    }
  }

  server.on(connectionEventOf(server), (socket: Socket) => {
    // A call that offered another protocol comes by here again, on the same connection.
    if (watched.has(socket)) return;
    watched.add(socket);
    watch(socket);
  });
}

/** How far the output is: the same again means that nothing was taken in between. Null: there is nothing to take. */
function progressOf(socket: Socket): string | null {
  if (socket.writableLength === 0) return null;
  // What is written whole; then, what is left of the write that is under way, which may be a body of many megabytes.
  // Node looks at that for its own timeouts and shows it nowhere else. TLS has it at the socket that it is on.
  const { _parent, _handle } = socket as InnerSocket;
  const { writeQueueSize } = (_parent ?? { _handle })._handle ?? {};
  return `${socket.bytesWritten - socket.writableLength} ${writeQueueSize ?? ''}`;
}

interface InnerSocket {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  readonly _parent?: InnerSocket | null;
}
