import type { Socket } from 'node:net';
import { StompSocketState } from '@stomp/stompjs';
import type { SocketOptions, StompSocket } from './stomp-socket.js';
import { otherClosesWithinMs } from './stomp-socket.js';

/** Milliseconds a closing socket may take to say goodbye before it is destroyed. */
const closeGraceMs = 2_000;
const keepAliveMs = 30_000;

/**
 * STOMP over TCP or TLS in the shape of a WebSocket. All frames of one turn of the event loop leave in one
 * write: acknowledgements and sends come in bursts, and a system call for each costs more than the frame.
 *
 * @param opened the event by which the socket tells that it is connected
 */
export function wrapTcpSocket(
  socket: Socket,
  opened: 'connect' | 'secureConnect',
  url: string,
  { toPieces = (bytes) => [bytes], awaitsClose = () => false }: Partial<SocketOptions> = {},
): StompSocket {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);

  let readyState: StompSocketState = StompSocketState.CONNECTING;
  let flushing: NodeJS.Immediate | undefined;
  let closeTimer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearImmediate(flushing);
    flushing = undefined;
    socket.uncork();
  }

  function sayGoodbye(): void {
    clearTimeout(closeTimer);
    socket.end();
    closeTimer = setTimeout(() => socket.destroy(), closeGraceMs);
  }

  const wrapper: StompSocket = {
    url,
    onopen: null,
    onclose: null,
    onerror: null,
    onmessage: null,
    onDrain: null,
    get readyState() {
      return readyState;
    },
    get isCongested() {
      return socket.writableNeedDrain;
    },
    send(data) {
      if (readyState !== StompSocketState.OPEN) throw new Error('the socket is not open');
      if (flushing === undefined) {
        socket.cork();
        flushing = setImmediate(flush);
      }
      socket.write(typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer));
    },
    close() {
      if (readyState >= StompSocketState.CLOSING) return;
      readyState = StompSocketState.CLOSING;
      flush();
      if (socket.readableEnded || !awaitsClose()) sayGoodbye();
      else closeTimer = setTimeout(sayGoodbye, otherClosesWithinMs);
    },
    terminate() {
      if (readyState !== StompSocketState.CLOSED) readyState = StompSocketState.CLOSING;
      socket.destroy();
    },
  };

  socket.once(opened, () => {
    if (readyState !== StompSocketState.CONNECTING) return;
    readyState = StompSocketState.OPEN;
    wrapper.onopen?.();
  });
  socket.on('data', (chunk: Buffer) => {
    for (const piece of toPieces(chunk)) wrapper.onmessage?.({ data: piece });
  });
  socket.on('drain', () => wrapper.onDrain?.());
  socket.on('error', (error) => void wrapper.onerror?.(error));
  // The broker half-closed: nothing more will come, so nothing sent from here on could be confirmed.
  socket.on('end', () => {
    wrapper.close();
    sayGoodbye();
  });
  socket.on('close', () => {
    readyState = StompSocketState.CLOSED;
    clearImmediate(flushing);
    clearTimeout(closeTimer);
    wrapper.onclose?.({ code: 1006, reason: '', wasClean: false });
  });
  return wrapper;
}
