import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';

/** An HTTP server whose upgrades go to an embedded broker, whatever their sub-protocol. */
export interface WebSocketEndpoint {
  readonly url: string;
  /** Writes that reached the operating system, over all its connections. */
  writes(): number;
  /** Resolves when its connections are gone too. */
  close(): Promise<void>;
}

export async function openWebSocketEndpoint(broker: EmbeddedBroker): Promise<WebSocketEndpoint> {
  const http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  let writes = 0;

  function countWrites(socket: Socket): void {
    const write = socket._write.bind(socket);
    const writev = socket._writev?.bind(socket);
    socket._write = (chunk, encoding, callback) => {
      writes += 1;
      write(chunk, encoding, callback);
    };
    socket._writev = (chunks, callback) => {
      writes += 1;
      writev?.(chunks, callback);
    };
  }

  http.on('upgrade', (request, socket: Socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      countWrites(socket);
      broker.acceptWebSocket(webSocket, socket);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    writes: () => writes,
    close: () => new Promise((resolve) => http.close(() => resolve())),
  };
}
