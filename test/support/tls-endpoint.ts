import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { makeTemporaryFolder } from './temporary-folder.js';

/** TLS in front of a plain TCP server, with a certificate made for it. */
export interface TlsEndpoint {
  /** `stomps://127.0.0.1:PORT` */
  readonly url: string;
  /** The authority that a client must trust. */
  readonly ca: Buffer;
  close(): Promise<void>;
}

/** Null where there is no openssl to make a certificate. */
export async function openTlsEndpoint(targetUrl: string): Promise<TlsEndpoint | null> {
  const folder = await makeTemporaryFolder();
  const [key, certificate] = [join(folder.path, 'key.pem'), join(folder.path, 'certificate.pem')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  try {
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], {
      stdio: 'ignore',
    });
  } catch {
    await folder.remove();
    return null;
  }
  const ca = readFileSync(certificate);
  const target = new URL(targetUrl);
  const server = createServer({ key: readFileSync(key), cert: ca }, (client) => {
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
