/** The certificate of the HTTP server, read again when it changes: certificates are renewed while a gateway runs. */
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Gateway } from '#gateway/gateway.js';
import type { Configuration } from '#schema/configuration.js';
import type { TlsFileNames, TlsMaterial } from './tls-files.js';
import { httpTlsFiles, readTlsFiles, tlsSettings } from './tls-files.js';
import type { WatchedFiles } from './watched-files.js';
import { watchFiles } from './watched-files.js';

/** Null where HTTP is served without TLS. @throws INVALID_CONFIGURATION */
export function readHttpTls(configuration: Pick<Configuration, 'http'>): TlsMaterial | null {
  return isTls(configuration) ? readOrThrow('http', httpTlsFiles(configuration)) : null;
}

/** @throws INVALID_CONFIGURATION naming the setting and the file */
export function readOrThrow(section: 'http' | 'broker', names: TlsFileNames): TlsMaterial {
  const result = readTlsFiles(names);
  if (result.ok) return result.material;
  const field = `${section}.${tlsSettings[section][result.part]}`;
  throw new ReplytoError('INVALID_CONFIGURATION', {
    problems: [toProblem(field, undefined, result.allowed)],
  });
}

export function isTls({ http }: Pick<Configuration, 'http'>): boolean {
  return http.tlsCertFile !== undefined;
}

/** Nothing where HTTP is served without TLS. */
export function watchHttpTls(
  configuration: Pick<Configuration, 'http'>,
  { gateway, clock, logger }: { readonly gateway: Gateway; readonly clock: Clock; readonly logger: Logger },
): WatchedFiles {
  const names = httpTlsFiles(configuration);
  const paths = isTls(configuration) ? Object.values(names).filter((path) => typeof path === 'string') : [];
  return watchFiles(paths, clock, () => {
    const result = readTlsFiles(names);
    if (result.ok) {
      gateway.useCertificate(result.material);
      logger.info({ files: paths }, 'the certificate of HTTP was read again');
    } else {
      const reason = result.allowed;
      logger.error({ reason }, 'the new certificate of HTTP cannot be used; the one of before goes on');
    }
  });
}
