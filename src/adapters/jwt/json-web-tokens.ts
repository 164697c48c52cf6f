/**
 * Callers that log in with the JWTs of an issuer (RFC 7519, 8725). Only signatures of key pairs are taken, `exp` has to
 * be there, and issuer and audience have to be right. A token that was found good is remembered for a minute at most, so
 * that a signature is checked once and not for every call.
 */
import { createHash } from 'node:crypto';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Authenticator, Identity } from '#core/ports/authenticator.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { GrantClaims } from './grants.js';
import { toGrants } from './grants.js';

export interface JsonWebTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly claims: GrantClaims;
  /** Where the keys are; undefined: they are given by `useKeys`. */
  readonly jwksUrl: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface JsonWebTokens extends Authenticator {
  identify(token: string): Identity | Promise<Identity>;
  /** From now on these keys count and no others. */
  useKeys(keys: KeySet): void;
}

export type KeySet = JSONWebKeySet;

const rememberedMs = 60_000;
const mostRemembered = 10_000;
const fetchMs = 5_000;
/** How long the issuer is left alone after keys could not be fetched, so that calls do not add up there. */
const holdMs = 1_000;
/** Between fetches for keys that are not known: whoever makes up key ids must not reach the issuer with each. */
const cooldownMs = 5_000;
const keptMs = 600_000;

/** @throws Error that says what is wrong when it is no set of keys */
export function parseKeySet(text: string): KeySet {
  const keys = JSON.parse(text) as KeySet;
  createLocalJWKSet(keys);
  return keys;
}

export function createJsonWebTokens(options: JsonWebTokenOptions): JsonWebTokens {
  const { clock, claims, jwksUrl } = options;
  const remembered = new Map<string, { readonly identity: Identity; readonly untilAt: number }>();
  let keys: JWTVerifyGetKey =
    jwksUrl === undefined ? () => Promise.reject(unavailable()) : fetchedKeys(new URL(jwksUrl), options);

  async function verify(token: string, place: string): Promise<Identity> {
    const used = keys;
    const payload = await verifiedPayload(token, used, {
      issuer: options.issuer,
      audience: options.audience,
      algorithms: [...options.algorithms],
      clockTolerance: options.clockToleranceMs / 1_000,
      requiredClaims: ['exp', claims.name],
      currentDate: new Date(clock.now()),
    });
    // Its key may count no longer.
    if (used !== keys) return verify(token, place);
    const expiresAt = (payload.exp ?? 0) * 1_000 + options.clockToleranceMs;
    const identity = { grants: toGrants(payload, claims), expiresAt, onWithdrawn: () => () => undefined };
    const [oldest] = remembered.keys();
    if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest);
    remembered.set(place, { identity, untilAt: Math.min(expiresAt, clock.now() + rememberedMs) });
    return identity;
  }

  return {
    identify(token) {
      const place = createHash('sha256').update(token).digest('base64');
      const known = remembered.get(place);
      if (known !== undefined && clock.now() < known.untilAt) return known.identity;
      remembered.delete(place);
      return verify(token, place);
    },
    useKeys(set) {
      keys = createLocalJWKSet(set);
      remembered.clear();
    },
  };
}

/** @throws NOT_AUTHENTICATED, AUTHENTICATION_UNAVAILABLE */
async function verifiedPayload(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw toRefusal(error, options);
    return verifiedByAny(token, error, options);
  }
}

/** A token without a key id, and several keys that may have signed it. */
async function verifiedByAny(
  token: string,
  keys: AsyncIterable<CryptoKey>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let last: unknown = new errors.JWSSignatureVerificationFailed();
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      last = error;
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
    }
  }
  throw toRefusal(last, options);
}

const inWords: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'a JWT that has not expired',
  ERR_JWKS_NO_MATCHING_KEY: 'a JWT signed with a key that its issuer publishes',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'a JWT whose signature is right',
};

/** Nothing of the token is told; errors of the library hold what it says, so they are no cause either. */
function toRefusal(error: unknown, { algorithms = [] }: JWTVerifyOptions): ReplytoError {
  if (error instanceof ReplytoError) return error;
  const code = error instanceof errors.JOSEError ? error.code : '';
  let allowed = inWords[code] ?? 'a JWT as RFC 7519 describes it';
  if (error instanceof errors.JWTClaimValidationFailed)
    allowed = `a JWT with the right claim '${error.claim}'`;
  if (error instanceof errors.JOSEAlgNotAllowed) allowed = `a JWT signed by ${algorithms.join(' or ')}`;
  return new ReplytoError('NOT_AUTHENTICATED', {
    problems: [toProblem('Authorization', undefined, allowed)],
  });
}

function unavailable(cause?: unknown): ReplytoError {
  const detail =
    'the keys of the issuer of JWTs cannot be fetched at present; nobody can say whether the token is good';
  return new ReplytoError('AUTHENTICATION_UNAVAILABLE', { detail, cause });
}

/** The keys at an address. Whether they cannot be had, or do not have the one that a token names, are two things. */
function fetchedKeys(
  url: URL,
  { clock, logger }: Pick<JsonWebTokenOptions, 'clock' | 'logger'>,
): JWTVerifyGetKey {
  const fetched = createRemoteJWKSet(url, {
    timeoutDuration: fetchMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: keptMs,
  });
  // Its parameters may hold a key of their own.
  const shown = `${url.origin}${url.pathname}`;
  let failure: { readonly at: number; readonly cause: unknown } | undefined;

  /** Keys that were fetched a while ago go on counting: a made-up key id of one caller must not lock out the others. */
  function kept(...[header, token, cause]: [...Parameters<JWTVerifyGetKey>, unknown]): Promise<CryptoKey> {
    const keys = fetched.fresh ? fetched.jwks() : undefined;
    if (keys === undefined) throw unavailable(cause);
    return createLocalJWKSet(keys)(header, token).catch((error: unknown) => {
      // Among the newer ones, which nobody can see now, it may be.
      throw error instanceof errors.JWKSNoMatchingKey ? unavailable(cause) : error;
    });
  }

  return async (header, token) => {
    if (failure !== undefined && clock.monotonic() - failure.at < holdMs) {
      return kept(header, token, failure.cause);
    }
    try {
      const key = await fetched(header, token);
      if (failure !== undefined)
        logger.info({ url: shown }, 'the keys of the issuer of JWTs can be fetched again');
      failure = undefined;
      return key;
    } catch (error) {
      if (isAboutToken(error)) throw error;
      if (failure === undefined) {
        logger.warn({ err: error, url: shown }, 'the keys of the issuer of JWTs cannot be fetched');
      }
      failure = { at: clock.monotonic(), cause: error };
      throw unavailable(error);
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
