import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { ReplytoError } from '#core/errors.js';

export interface TcpListenerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted, such as for want of file descriptors; it goes on listening. */
  readonly onError: (error: Error) => void;
}

export interface TcpListener {
  readonly host: string;
  readonly port: number;
  /** Takes no new connections; resolves when the accepted ones are gone too. */
  close(): Promise<void>;
}

/** Starts to listen. @throws PORT_TAKEN, INVALID_CONFIGURATION */
export function listenTcp(options: TcpListenerOptions): Promise<TcpListener> {
  const { host, port, onConnection, onError } = options;
  return new Promise((resolve, reject) => {
    // Half open: a client may close its side after its last SEND and still gets the receipts.
    const server = createServer({ allowHalfOpen: true }, onConnection);
    const refused = (error: Error): void => reject(toListenError(host, port, error));
    server.once('error', refused);
    server.listen({ host, port }, () => {
      server.off('error', refused);
      server.on('error', onError);
      const address = server.address() as AddressInfo;
      resolve({
        host: address.address,
        port: address.port,
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

function toListenError(host: string, port: number, error: Error): ReplytoError {
  if ('code' in error && error.code === 'EADDRINUSE') {
    return new ReplytoError('PORT_TAKEN', {
      detail: `port ${port} of ${host} is taken by another program: stop it or choose another broker port (0 takes any free one)`,
      cause: error,
    });
  }
  return new ReplytoError('INVALID_CONFIGURATION', {
    detail: `cannot listen on ${host}:${port}: ${error.message}`,
    cause: error,
  });
}
