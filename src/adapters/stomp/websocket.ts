import { isUtf8 } from 'node:buffer';
import { WebSocket } from 'ws';
import type { SocketOptions, StompSocket } from './stomp-socket.js';
import { congestedAtBytes, otherClosesWithinMs } from './stomp-socket.js';

/** Artemis takes 64 KiB in one piece of a message, and closes the connection over a larger one. */
const fragmentBytes = 32 * 1024;

/**
 * STOMP over WebSocket, a frame in each message. A frame that is UTF-8 goes as text whatever its body is: every
 * broker takes text, and some drop binary messages without a word.
 */
export function openWebSocket(options: SocketOptions): StompSocket {
  const { endpoint, tls, maxMessageBytes, onText } = options;
  const { toPieces = (bytes) => [bytes], awaitsClose = () => false } = options;
  const scheme = endpoint.tls ? 'wss' : 'ws';
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  const url = `${scheme}://${host}:${endpoint.port}${endpoint.path}`;
  const socket = new WebSocket(url, ['v12.stomp', 'v11.stomp'], {
    ...tls,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    // RabbitMQ sends bytes of any kind as text, unharmed; ended for it, the connection would bring them again for ever.
    skipUTF8Validation: true,
  });
  let isCongested = false;
  let closeTimer: NodeJS.Timeout | undefined;

  function onFlushed(): void {
    if (!isCongested || socket.bufferedAmount > 0) return;
    isCongested = false;
    wrapper.onDrain?.();
  }

  const wrapper: StompSocket = {
    url,
    onopen: null,
    onclose: null,
    onerror: null,
    onmessage: null,
    onDrain: null,
    get readyState() {
      return socket.readyState;
    },
    get isCongested() {
      return isCongested;
    },
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the socket is not open');
      const message = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer);
      const binary = !isUtf8(message);
      for (let start = 0; start < message.length; start += fragmentBytes) {
        const end = start + fragmentBytes;
        socket.send(message.subarray(start, end), { binary, fin: end >= message.length }, onFlushed);
      }
      isCongested ||= socket.bufferedAmount >= congestedAtBytes;
    },
    close() {
      if (!awaitsClose()) socket.close();
      else closeTimer ??= setTimeout(() => socket.close(), otherClosesWithinMs);
    },
    terminate: () => socket.terminate(),
  };

  socket.on('open', () => void wrapper.onopen?.());
  socket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary || onText === undefined ? data : onText(data);
    for (const piece of toPieces(message)) wrapper.onmessage?.({ data: piece });
  });
  socket.on('error', (error) => void wrapper.onerror?.(error));
  socket.on('close', (code, reason) => {
    clearTimeout(closeTimer);
    wrapper.onclose?.({ code, reason: reason.toString(), wasClean: code === 1000 });
  });
  return wrapper;
}
