import { Socket, connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from './broker-url.js';
import { describeEndpoint } from './broker-url.js';
import type { SocketOptions, StompSocket } from './stomp-socket.js';
import { congestedAtBytes } from './stomp-socket.js';
import { wrapTcpSocket } from './tcp-socket.js';
import { openWebSocket } from './websocket.js';

/** Opens the connection that stompjs speaks over. Never throws: a failure arrives as `onerror`, then `onclose`. */
export function openSocket(options: SocketOptions): StompSocket {
  const { endpoint } = options;
  const opened = endpoint.tls ? 'secureConnect' : 'connect';
  try {
    if (endpoint.transport === 'websocket') return openWebSocket(options);
    return wrapTcpSocket(connect(endpoint, options.tls), opened, describeEndpoint(endpoint), options);
  } catch (error) {
    // Options of TLS that cannot be used, for one. stompjs would make an unhandled rejection of it.
    return wrapTcpSocket(new Socket().destroy(error as Error), opened, describeEndpoint(endpoint));
  }
}

function connect({ host, port, tls: isTls }: Endpoint, tls: SocketOptions['tls']): Socket {
  const where = { host, port, highWaterMark: congestedAtBytes };
  if (!isTls) return connectTcp(where);
  return connectTls({ ...where, servername: isIP(host) === 0 ? host : '', ...tls });
}
