import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { ReplytoError, toProblem } from '#core/errors.js';

/** Each is read by itself first, so that the error can name it. */
const parts: readonly (readonly [field: string, allowed: string, read: (given: TlsOptions) => unknown])[] = [
  ['tls.ca', 'certificates in PEM form', ({ ca }) => [ca ?? []].flat().map(readAuthority)],
  ['tls.crl', 'lists of revoked certificates in PEM form', ({ crl }) => createSecureContext({ crl })],
  ['tls.cert', 'a certificate in PEM form', ({ cert }) => createSecureContext({ cert })],
  [
    'tls.key',
    'a private key in PEM form, with its passphrase where it has one',
    ({ key, passphrase }) => createSecureContext({ key, passphrase }),
  ],
  [
    'tls.pfx',
    'a PKCS #12 archive, with its passphrase where it has one',
    ({ pfx, passphrase }) => createSecureContext({ pfx, passphrase }),
  ],
  ['tls', 'options of node:tls that fit together', (given) => createSecureContext(given)],
];

/**
 * Reads certificates and keys before anything connects: what is wrong with them does not heal by waiting.
 *
 * @throws INVALID_ARGUMENT naming the option at fault and the reason; its value never stands in the error.
 */
export function checkTlsMaterial(given: TlsOptions): void {
  for (const [field, allowed, read] of parts) {
    try {
      read(given);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unreadable';
      throw new ReplytoError('INVALID_ARGUMENT', {
        problems: [toProblem(field, undefined, `${allowed} (${reason})`)],
      });
    }
  }
}

/** node:tls takes anything as an authority, and every certificate of the broker fails later. */
function readAuthority(certificates: string | Buffer): void {
  new X509Certificate(certificates);
}
