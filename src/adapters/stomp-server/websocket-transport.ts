import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { EncodedFrame } from './frame-encoder.js';
import { frameBytes } from './frame-encoder.js';
import type { TransportOptions } from './tcp-transport.js';
import type { Transport, TransportEvents } from './transport.js';

/** RFC 6455, 7.4.1. */
export const normalClosure = 1000;
export const goingAway = 1001;

interface WebSocketTransportOptions extends TransportOptions {
  /** Of the close frame; asked when it is sent. */
  readonly closeCode: () => number;
}

/** A client that has not taken so much gets no answers to its pings; it can see that by itself. */
const mostBytesAtPong = 64 * 1024;

/**
 * STOMP over an upgraded WebSocket. Incoming messages are a stream of bytes, whatever their kind and however
 * frames are cut; each outgoing frame is one message, text where its body is UTF-8, else binary.
 *
 * @param stream the socket below (`request.socket`); with it the messages of one turn leave in one write.
 */
export function createWebSocketTransport(
  socket: WebSocket,
  stream: Duplex | undefined,
  options: WebSocketTransportOptions,
): Transport {
  let events: TransportEvents | undefined;
  let closing = false;
  let corked = false;
  let cancelDestroy: () => void = () => undefined;

  /** `ws` corks and uncorks around each message; the outer cork joins them. */
  function joinWrites(): void {
    if (corked || stream === undefined) return;
    corked = true;
    stream.cork();
    setImmediate(() => {
      corked = false;
      stream.uncork();
    });
  }

  function write(frame: EncodedFrame): void {
    joinWrites();
    const message = frame.length === 1 ? frame[0] : Buffer.concat(frame, frameBytes(frame));
    if (message === undefined) return;
    socket.send(message, { binary: !isUtf8(message) }, (error) => {
      // A failed write is followed by 'close'. Success is undefined or null, whatever the types say; and so is what Node
      // says of a write under way when the socket is destroyed: nothing was taken then, and nothing more must be given.
      if (!(error instanceof Error) && stream?.destroyed !== true) events?.onFlushed();
    });
  }

  function destroyLater(): void {
    cancelDestroy = options.clock.after(options.closeMs, () => socket.terminate());
  }

  return {
    remote: 'websocket',
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    attach(handlers) {
      events = handlers;
      socket.on('message', (data: RawData) => handlers.onData(toBuffer(data)));
      socket.on('ping', (data) => {
        if (!closing && socket.bufferedAmount <= mostBytesAtPong) socket.pong(data);
      });
      // Such as a message over the limit of the WebSocket server, which closes then. What still comes of it is read
      // and dropped, so that the client gets to the reason; but not for long.
      socket.on('error', () => {
        if (closing) return;
        closing = true;
        destroyLater();
      });
      socket.on('close', () => {
        cancelDestroy();
        handlers.onClose();
      });
    },
    send(frame) {
      if (!closing && socket.readyState === socket.OPEN) write(frame);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close() {
      if (closing) return;
      closing = true;
      socket.resume();
      destroyLater();
      socket.close(options.closeCode());
    },
    destroy: () => socket.terminate(),
  };
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
