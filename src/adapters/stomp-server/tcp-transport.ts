import type { Socket } from 'node:net';
import type { Clock } from '#core/ports/clock.js';
import { createOutputQueue } from './output-queue.js';
import type { Transport, TransportEvents } from './transport.js';

export interface TransportOptions {
  readonly clock: Clock;
  /** Milliseconds from `close()` until the connection is destroyed. */
  readonly closeMs: number;
}

const keepAliveMs = 30_000;

/** STOMP over one TCP (or TLS) socket, which must have been accepted with `allowHalfOpen`. */
export function createTcpTransport(socket: Socket, options: TransportOptions): Transport {
  let events: TransportEvents | undefined;
  let closing = false;
  let cancelDestroy: () => void = () => undefined;
  const output = createOutputQueue({
    write: (piece, done) => {
      socket.write(piece, (error) => {
        // A failed write is followed by 'close'.
        if (error === null || error === undefined) done();
      });
    },
    onFlushed: () => {
      events?.onFlushed();
      endWhenFlushed();
    },
  });

  function endWhenFlushed(): void {
    if (closing && output.bytes === 0 && !socket.writableEnded) socket.end();
  }

  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  return {
    remote: `${socket.remoteAddress ?? 'gone'}:${socket.remotePort ?? 0}`,
    get bufferedBytes() {
      return output.bytes;
    },
    attach(handlers) {
      events = handlers;
      socket.on('data', (chunk: Buffer) => handlers.onData(chunk));
      socket.on('end', () => handlers.onEnd());
      // A reset by the client is no event of its own: 'close' follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        cancelDestroy();
        output.clear();
        handlers.onClose();
      });
    },
    send(frame) {
      if (!closing) output.push(frame);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      if (closing) return;
      closing = true;
      // Unread input at the end would turn the FIN into a reset, which can take the last frame away from the client.
      socket.resume();
      cancelDestroy = options.clock.after(options.closeMs, () => socket.destroy());
      endWhenFlushed();
    },
    destroy: () => void socket.destroy(),
  };
}
