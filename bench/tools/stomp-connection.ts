import { Client as StompClient, ReconnectionTimeMode } from '@stomp/stompjs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { wrapTcpSocket } from '#adapters/stomp/tcp-socket.js';
import type { ByteMeter } from './byte-meter.js';

export type TextHeaders = Readonly<Record<string, string>>;

const heartbeatMs = 10_000;
const connectWithinMs = 15_000;

/** The client library that browsers use too, over a TCP connection to a broker or over a WebSocket. */
export function openStomp(
  url: string,
  { meter, connectHeaders = {} }: { readonly meter?: ByteMeter; readonly connectHeaders?: TextHeaders },
): StompClient {
  const { protocol, hostname, port, username, password } = new URL(url);
  const watch = <S extends Socket>(socket: S): S => meter?.watch(socket) ?? socket;
  return new StompClient({
    webSocketFactory: () =>
      protocol === 'stomp:'
        ? wrapTcpSocket(watch(connect(Number(port), hostname)), 'connect', url)
        : new WebSocket(url, ['v12.stomp'], {
            createConnection: () => watch(connect(Number(port), hostname)),
          }),
    connectHeaders: {
      ...(username === '' ? {} : { login: username, passcode: password }),
      ...connectHeaders,
    },
    forceBinaryWSFrames: protocol === 'stomp:',
    heartbeatIncoming: heartbeatMs,
    heartbeatOutgoing: heartbeatMs,
    connectionTimeout: connectWithinMs,
    reconnectDelay: 1_000,
    reconnectTimeMode: ReconnectionTimeMode.LINEAR,
  });
}

/** Resolves when it is connected; `onConnect` runs first, and again after each reconnect. */
export async function activate(client: StompClient, onConnect: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no STOMP connection within ${connectWithinMs} ms`)),
      connectWithinMs,
    );
    client.onConnect = () => {
      clearTimeout(timer);
      onConnect();
      resolve();
    };
    const fail = (words: string): void => {
      clearTimeout(timer);
      reject(new Error(words));
    };
    client.onStompError = ({ headers }) => fail(headers['message'] ?? 'ERROR without a message');
    client.onWebSocketError = (event: unknown) => {
      // `ws` gives events as browsers do, the wrapper of a TCP socket the error itself.
      const message = (event as { readonly message?: unknown }).message;
      fail(typeof message === 'string' ? message : 'the connection failed');
    };
    client.activate();
  });
}
