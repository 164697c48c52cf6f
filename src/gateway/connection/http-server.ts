/** The HTTP server, plain or over TLS; everything else in this folder works on either. */
import { createServer } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/** In PEM form. */
export interface TlsMaterial {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Authorities; with them every client has to show a certificate of one. */
  readonly ca?: string | undefined;
}

export interface HttpServer {
  readonly server: Server;
  /** Shown from the next connection on; only for a server over TLS. */
  readonly useCertificate: (tls: TlsMaterial) => void;
  /** Ends connections that have not even agreed upon TLS: no call is lost with them. */
  readonly endHandshakes: () => void;
}

/** Bytes of all headers of a call together, its path included. */
export const maxHeaderBytes = 32_768;
const handshakeMs = 10_000;
/** Who asks every few seconds keeps its connection; and proxies, which keep theirs for a minute, close first. */
const idleMs = 65_000;

/** Milliseconds from its first byte until so much of a call must have come. */
export interface CallDeadlines {
  readonly headersTimeoutMs: number;
  readonly callTimeoutMs: number;
}

/** @param tls null for plain HTTP */
export function createHttpServer(tls: TlsMaterial | null, deadlines: CallDeadlines): HttpServer {
  const options: ServerOptions = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: deadlines.callTimeoutMs,
    headersTimeout: deadlines.headersTimeoutMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(1_000, deadlines.headersTimeoutMs),
    // Refused here, with a reason.
    requireHostHeader: false,
  };
  if (tls === null) {
    const server = createServer(options);
    takeEveryHeader(server);
    return { server, useCertificate: () => undefined, endHandshakes: () => undefined };
  }
  const hasClientCertificates = tls.ca !== undefined;
  const server = createTlsServer({
    ...options,
    ...contextOf(tls),
    handshakeTimeout: handshakeMs,
    requestCert: hasClientCertificates,
    rejectUnauthorized: hasClientCertificates,
  });
  takeEveryHeader(server);
  const handshaking = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    handshaking.set(peer, socket);
    socket.once('close', () => handshaking.delete(peer));
  });
  server.on('secureConnection', (socket) => handshaking.delete(peerOf(socket)));
  return {
    server,
    useCertificate: (changed) => server.setSecureContext(contextOf(changed)),
    endHandshakes() {
      for (const socket of handshaking.values()) socket.destroy();
    },
  };
}

/** Node would leave out what is beyond a number of its own, and go on: Message-ID, or the length of the body. */
function takeEveryHeader(server: Server): void {
  server.maxHeadersCount = 0;
}

/** The event by which a server hands a connection over to its HTTP parser. */
export function connectionEventOf(server: Server): 'connection' | 'secureConnection' {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}

function contextOf(material: TlsMaterial): TlsMaterial & { readonly minVersion: 'TLSv1.2' } {
  return { ...material, minVersion: 'TLSv1.2' };
}

/** A socket of TLS and the one that it is on have the same. */
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
