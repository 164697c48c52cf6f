import type { Socket } from 'node:net';

interface Bytes {
  /** To the clients. */
  readonly received: number;
  /** By the clients. */
  readonly sent: number;
}

/** Adds up what went over the sockets of the clients, those that are closed by now included. */
export interface ByteMeter {
  /** Returns the socket. */
  watch<S extends Socket>(socket: S): S;
  /** What did not go over a socket. */
  add(bytes: Partial<Bytes>): void;
  total(): Bytes;
}

export function createByteMeter(): ByteMeter {
  const open = new Set<Socket>();
  let received = 0;
  let sent = 0;
  return {
    watch(socket) {
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        received += socket.bytesRead;
        sent += socket.bytesWritten;
      });
      return socket;
    },
    add(bytes) {
      received += bytes.received ?? 0;
      sent += bytes.sent ?? 0;
    },
    total() {
      const total = { received, sent };
      for (const socket of open) {
        total.received += socket.bytesRead;
        total.sent += socket.bytesWritten;
      }
      return total;
    },
  };
}
