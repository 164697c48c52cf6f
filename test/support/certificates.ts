import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A key and a certificate that it has signed itself, good for localhost and 127.0.0.1, also as their own authority. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];

/** Null where there is no openssl to make one. @param passphrase of the key; absent = none */
export function makeCertificate(folder: string, name: string, passphrase?: string): Certificate | null {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  const secret = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
  const files = ['-keyout', keyFile, '-out', certFile];
  try {
    execFileSync('openssl', ['req', '-x509', ...key, ...secret, '-days', '2', ...subject, ...files], {
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  };
}

/** Where a suite has to be skipped for want of certificates. */
export const noCertificates = 'openssl is not installed, so no certificate can be made';
