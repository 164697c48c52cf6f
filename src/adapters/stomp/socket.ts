import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { StompSocketState } from '@stomp/stompjs';
import type { IStompSocket } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import type { Endpoint } from './broker-url.js';

export interface SocketOptions {
  readonly endpoint: Endpoint;
  /** Certificate authorities, client certificate, and so on for `stomps` and `wss`. */
  readonly tls?: TlsOptions | undefined;
  /** Largest WebSocket message taken, bytes. */
  readonly maxMessageBytes: number;
}

/** Milliseconds a closing socket may take to say goodbye before it is destroyed. */
const closeGraceMs = 2_000;
const keepAliveMs = 30_000;

/** Opens the connection that stompjs speaks over. Never throws: a failure arrives as `onclose`. */
export function openSocket(options: SocketOptions): IStompSocket {
  return options.endpoint.transport === 'websocket' ? openWebSocket(options) : openTcpSocket(options);
}

function openWebSocket({ endpoint, tls, maxMessageBytes }: SocketOptions): IStompSocket {
  const scheme = endpoint.tls ? 'wss' : 'ws';
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return new WebSocket(`${scheme}://${host}:${endpoint.port}${endpoint.path}`, ['v12.stomp', 'v11.stomp'], {
    ...tls,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
}

/**
 * STOMP over TCP or TLS in the shape of a WebSocket. All frames of one turn of the event loop leave in one
 * write: acknowledgements and sends come in bursts, and a system call for each costs more than the frame.
 */
function openTcpSocket({ endpoint, tls }: SocketOptions): IStompSocket {
  const { host, port } = endpoint;
  const socket: Socket = endpoint.tls
    ? connectTls({ host, port, servername: /^[\d.:]+$/u.test(host) ? '' : host, ...tls })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);

  let readyState: StompSocketState = StompSocketState.CONNECTING;
  let outgoing: Buffer[] = [];
  let flushing: NodeJS.Immediate | undefined;
  let closeTimer: NodeJS.Timeout | undefined;

  function flush(): void {
    flushing = undefined;
    if (outgoing.length === 0 || socket.destroyed) return;
    const frames = outgoing;
    outgoing = [];
    const [only] = frames;
    socket.write(only !== undefined && frames.length === 1 ? only : Buffer.concat(frames));
  }

  const wrapper: IStompSocket = {
    url: `${endpoint.tls ? 'stomps' : 'stomp'}://${host}:${port}`,
    onopen: null,
    onclose: null,
    onerror: null,
    onmessage: null,
    get readyState() {
      return readyState;
    },
    send(data) {
      if (readyState !== StompSocketState.OPEN) throw new Error('the socket is not open');
      outgoing.push(typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer));
      flushing ??= setImmediate(flush);
    },
    close() {
      if (readyState >= StompSocketState.CLOSING) return;
      readyState = StompSocketState.CLOSING;
      flush();
      socket.end();
      closeTimer = setTimeout(() => socket.destroy(), closeGraceMs);
    },
    terminate() {
      if (readyState !== StompSocketState.CLOSED) readyState = StompSocketState.CLOSING;
      socket.destroy();
    },
  };

  socket.once(endpoint.tls ? 'secureConnect' : 'connect', () => {
    if (readyState !== StompSocketState.CONNECTING) return;
    readyState = StompSocketState.OPEN;
    wrapper.onopen?.();
  });
  socket.on('data', (chunk: Buffer) => void wrapper.onmessage?.({ data: chunk }));
  socket.on('error', (error) => void wrapper.onerror?.(error));
  // The broker half-closed: nothing more will come, so nothing sent from here on could be confirmed.
  socket.on('end', () => wrapper.close());
  socket.on('close', () => {
    readyState = StompSocketState.CLOSED;
    if (flushing !== undefined) clearImmediate(flushing);
    clearTimeout(closeTimer);
    outgoing = [];
    wrapper.onclose?.({ code: 1006, reason: '', wasClean: false });
  });
  return wrapper;
}
