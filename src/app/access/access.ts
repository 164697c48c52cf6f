/** Who may call: the tokens of a file and the JWTs of an issuer, both read again while the gateway runs. */
import type { JsonWebTokens } from '#adapters/jwt/json-web-tokens.js';
import { createJsonWebTokens } from '#adapters/jwt/json-web-tokens.js';
import { ReplytoError } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import type { Authenticator } from '#core/ports/authenticator.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Configuration } from '#schema/configuration.js';
import type { Parsed } from '#schema/problems.js';
import type { WatchedFiles } from '../watched-files.js';
import { watchFiles } from '../watched-files.js';
import { readKeySet } from './key-set-file.js';
import { readTokenFile } from './token-file.js';
import { createTokenTable } from './token-table.js';

export interface Access {
  readonly authenticator: Authenticator;
  /** @throws INVALID_CONFIGURATION when a file has faults */
  start(): Promise<void>;
  stop(): void;
}

interface AccessOptions {
  readonly configuration: Pick<Configuration, 'authTokensFile' | 'jwt'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Null where nobody has to log in. */
export function createAccess({ configuration, clock, logger }: AccessOptions): Access | null {
  const { authTokensFile, jwt } = configuration;
  const tokens = createTokenTable();
  const webTokens = createWebTokens(jwt, clock, logger);
  if (authTokensFile === undefined && webTokens === undefined) return null;
  const files: WatchedFile[] = [];
  if (authTokensFile !== undefined) {
    files.push(watched(authTokensFile, readTokenFile, (entries) => tokens.replace(entries)));
  }
  if (webTokens !== undefined && jwt.jwksFile !== undefined) {
    files.push(watched(jwt.jwksFile, readKeySet, (keys) => webTokens.useKeys(keys)));
  }

  /** A file that is broken while the gateway runs must lock out nobody, and let nobody in. */
  function watched<T>(path: string, read: (path: string) => Parsed<T>, use: (read: T) => void): WatchedFile {
    const load = (): readonly Problem[] => {
      const result = read(path);
      if (result.ok) use(result.value);
      return result.ok ? [] : result.problems;
    };
    const onChange = (): void => {
      const problems = load();
      if (problems.length === 0) logger.info({ file: path }, 'who may call was read again');
      else
        logger.error(
          { file: path, problems },
          'who may call has faults; what was read before goes on to count',
        );
    };
    return { load, watch: watchFiles([path], clock, onChange) };
  }

  return {
    authenticator: {
      identify(token) {
        const known = tokens.identify(token);
        return known === null && webTokens !== undefined && isWebToken(token)
          ? webTokens.identify(token)
          : known;
      },
    },
    async start() {
      await Promise.all(files.map(({ watch }) => watch.start()));
      const problems = files.flatMap(({ load }) => load());
      if (problems.length > 0) throw new ReplytoError('INVALID_CONFIGURATION', { problems });
    },
    stop() {
      for (const { watch } of files) watch.stop();
    },
  };
}

interface WatchedFile {
  readonly watch: WatchedFiles;
  /** Gives what is wrong, and then changes nothing. */
  readonly load: () => readonly Problem[];
}

/** Three parts with dots between them (RFC 7515, 3.1). */
function isWebToken(token: string): boolean {
  return token.split('.', 4).length === 3;
}

function createWebTokens(jwt: Configuration['jwt'], clock: Clock, logger: Logger): JsonWebTokens | undefined {
  const { issuer, audience, algorithms, clockToleranceMs, jwksUrl } = jwt;
  if (issuer === undefined || audience === undefined) return undefined;
  const claims = {
    name: jwt.nameClaim,
    queues: jwt.queuesClaim,
    read: jwt.readClaim,
    replyTo: jwt.replyToClaim,
    projects: jwt.projectsClaim,
    broker: jwt.brokerClaim,
  };
  return createJsonWebTokens({
    issuer,
    audience,
    algorithms,
    clockToleranceMs,
    jwksUrl,
    claims,
    clock,
    logger,
  });
}
