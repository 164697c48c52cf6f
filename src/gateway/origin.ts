import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';

/** Headers of ours that a page may read from an answer. */
const exposed =
  'Message-ID, Correl-ID, Time, Late, Location, Retry-After, Preference-Applied, Idempotent-Replayed, ETag, Link';

export interface OriginRule {
  /** Whether a page of this origin may call; undefined = the call comes from no page. */
  isAllowed(origin: string | undefined): boolean;
}

/**
 * Without this, any web page could write to the broker of whoever runs the gateway. Its own origin is what it
 * listens on, never what `Host` says: a page of a name that resolves to this machine sends that name.
 */
export function createOriginRule(allowed: readonly string[], ownHosts: () => readonly string[]): OriginRule {
  return {
    isAllowed(origin) {
      if (origin === undefined || allowed.includes(origin)) return true;
      return ownHosts().some((host) => origin === `http://${host}` || origin === `https://${host}`);
    },
  };
}

/** Refuses calls of foreign pages, and answers the preflight of allowed ones. */
export function checkOrigin(rule: OriginRule): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { origin } = request.headers;
    if (origin === undefined) {
      next();
      return;
    }
    response.vary('Origin');
    if (!rule.isAllowed(origin)) {
      throw new ReplytoError('ORIGIN_NOT_ALLOWED', {
        problems: [toProblem('Origin', origin, 'the own origin or one of http.allowedOrigins')],
      });
    }
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', exposed);
    const wanted = request.headers['access-control-request-headers'];
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, DELETE');
      if (wanted !== undefined) response.setHeader('Access-Control-Allow-Headers', wanted);
      response.setHeader('Access-Control-Max-Age', '600');
      response.status(204).end();
      return;
    }
    next();
  };
}
