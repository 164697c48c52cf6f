/**
 * The one place that finds out who calls, before the body of a call is read. All that is not listed here as open needs
 * a token, paths that nobody serves included.
 */
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Authenticator, Identity } from '#core/ports/authenticator.js';
import type { Principal } from './principal.js';
import { anybody, setPrincipal, stranger, toPrincipal } from './principal.js';
import { ChallengeError } from './problem.js';
import { queryTokenName, queryTokenOf } from './query-token.js';

export interface Authentication {
  /** Makes the principal of a call known, or refuses the call. */
  readonly check: RequestHandler;
  /** Who asks for a WebSocket. @throws INVALID_REQUEST, NOT_AUTHENTICATED, AUTHENTICATION_UNAVAILABLE */
  ofUpgrade(request: IncomingMessage): Promise<Principal>;
}

/** Open to everybody: who watches the process has no token, and a browser that opens a page sends none. */
const openPath =
  /^\/(?:livez|readyz|version|openapi\.json|docs(?:\/.*)?|dashboard(?:\/.*)?|problems(?:\/.*)?)?\/?$/u;
/** Of those, what tells more to who is known. */
const tellsMorePath = /^\/(?:version|openapi\.json)\/?$/u;
const openMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What a browser follows by EventSource. */
const eventsPath = /^\/(?:requests\/[^/]+\/events|status\/[^/]+)\/?$/u;

/** Longer ones could not be sent in a header of ours either. */
const longestToken = 16_384;
const bearer = /^Bearer +(?<token>[A-Za-z0-9._~+/-]+=*) *$/iu;

/** @param authenticator null where nobody has to log in */
export function createAuthentication(authenticator: Authenticator | null): Authentication {
  return authenticator === null ? forAnybody : createLogin(authenticator);
}

/** Where nobody has to log in, credentials are meant for somebody else on the way. */
const forAnybody: Authentication = {
  check(_request, response, next) {
    setPrincipal(response, anybody);
    next();
  },
  ofUpgrade: () => Promise.resolve(anybody),
};

function createLogin(authenticator: Authenticator): Authentication {
  /** Synchronous where it can be: most tokens are known here. */
  function identify(token: string | undefined): Principal | Promise<Principal> {
    if (token === undefined) throw missing();
    const identity = authenticator.identify(token);
    return identity instanceof Promise ? identity.then(toKnown, refuseToken) : toKnown(identity);
  }

  function ofCall(request: Request): Principal | Promise<Principal> {
    const isOpen = openMethods.has(request.method) && openPath.test(request.path);
    const token = readToken(request, eventsPath.test(request.path) && openMethods.has(request.method));
    if (!isOpen) return identify(token);
    return tellsMorePath.test(request.path) && token !== undefined ? identify(token) : stranger;
  }

  function guarded(work: () => Principal | Promise<Principal>): Principal | Promise<Principal> {
    try {
      return work();
    } catch (error) {
      return refuseToken(error);
    }
  }

  return {
    check(request: Request, response: Response, next: NextFunction) {
      const principal = guarded(() => ofCall(request));
      if (!(principal instanceof Promise)) {
        setPrincipal(response, principal);
        next();
        return undefined;
      }
      return principal.then((known) => {
        setPrincipal(response, known);
        next();
      });
    },
    ofUpgrade: async (request) => guarded(() => identify(readToken(request, true))),
  };
}

function toKnown(identity: Identity | null): Principal {
  if (identity === null) throw unknown();
  return toPrincipal(identity);
}

/** An authenticator knows nothing of HTTP, where a refused token gets a challenge. */
function refuseToken(error: unknown): never {
  if (
    error instanceof ReplytoError &&
    error.code === 'NOT_AUTHENTICATED' &&
    !(error instanceof ChallengeError)
  ) {
    throw new ChallengeError('invalid_token', { problems: error.problems });
  }
  throw error;
}

function missing(): ReplytoError {
  return new ChallengeError(null, {
    problems: [toProblem('Authorization', undefined, 'Bearer and a token; this gateway asks who calls')],
  });
}

function unknown(): ReplytoError {
  const allowed = 'Bearer and a token that is known here, whole, and not withdrawn';
  return new ChallengeError('invalid_token', { problems: [toProblem('Authorization', undefined, allowed)] });
}

/** @param mayStandInQuery for those who cannot send a header */
function readToken(request: IncomingMessage, mayStandInQuery: boolean): string | undefined {
  // Node shows the first of several; whoever stands before this server may have looked at another.
  const [authorization, ...more] = request.headersDistinct['authorization'] ?? [];
  if (more.length > 0) {
    const problems = [toProblem('Authorization', undefined, 'given once')];
    throw new ReplytoError('INVALID_REQUEST', { problems });
  }
  const fromQuery = queryTokenOf(request);
  if (fromQuery !== undefined) {
    const field = `?${queryTokenName}`;
    const refuse = (allowed: string): ReplytoError =>
      new ReplytoError('INVALID_REQUEST', { problems: [toProblem(field, undefined, allowed)] });
    if (!mayStandInQuery) {
      throw refuse(
        'only in the addresses /requests/{id}/events, /status/{project}, /stomp and /broker; elsewhere the header Authorization',
      );
    }
    if (fromQuery === null) throw refuse('given once');
    if (authorization !== undefined) throw refuse('nothing, because the header Authorization is given too');
    return fromQuery.slice(0, longestToken + 1) || undefined;
  }
  if (authorization === undefined) return undefined;
  // RFC 6750, 3.1: who knows no more than another scheme is told of this one, and of no fault.
  if (!/^Bearer(?: |$)/iu.test(authorization)) throw missing();
  const token = bearer.exec(authorization)?.groups?.['token'];
  if (token === undefined || token.length > longestToken) throw unknown();
  return token;
}
