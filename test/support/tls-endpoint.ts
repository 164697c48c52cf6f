import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { makeCertificate } from './certificates.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** TLS in front of a plain TCP server, with a certificate made for it. */
export interface TlsEndpoint {
  /** `stomps://127.0.0.1:PORT` */
  readonly url: string;
  /** The authority that a client must trust. */
  readonly ca: Buffer;
  close(): Promise<void>;
}

/** Null where there is no openssl to make a certificate. `options` of the server besides. */
export async function openTlsEndpoint(
  targetUrl: string,
  options: TlsOptions = {},
): Promise<TlsEndpoint | null> {
  const folder = await makeTemporaryFolder();
  const certificate = makeCertificate(folder.path, 'broker');
  if (certificate === null) {
    await folder.remove();
    return null;
  }
  const ca = Buffer.from(certificate.cert);
  const target = new URL(targetUrl);
  const server = createServer({ key: certificate.key, cert: ca, ...options }, (client) => {
    const plain = connect(Number(target.port), target.hostname);
    for (const socket of [client, plain]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        plain.destroy();
      });
    }
    client.pipe(plain).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `stomps://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await folder.remove();
    },
  };
}
