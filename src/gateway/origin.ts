import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { answerHeaders } from './openapi/headers.js';

/** A page may read from an answer whatever of it is ours. */
const exposed = Object.keys(answerHeaders).join(', ');

/** What the rule reads of a call; an `IncomingMessage` has it. */
export interface ReceivedCall {
  readonly headers: { readonly host?: string | undefined };
  readonly socket: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined };
}

export interface OriginRule {
  /**
   * Whether a page of this origin may call; undefined = the call comes from no page. With the call, a page may also
   * have been opened at the address of this machine that the call came to.
   */
  isAllowed(origin: string | undefined, call?: ReceivedCall): boolean;
}

/**
 * Without this, any web page could write to the broker of whoever runs the gateway. Its own origin is what it
 * listens on, never a name that `Host` says: a page of a name that resolves to this machine sends that name.
 *
 * @param ownHosts `host:port` of every name that the gateway has for itself
 * @param scheme that it serves
 */
export function createOriginRule(
  allowed: readonly string[],
  ownHosts: () => readonly string[],
  scheme: 'http' | 'https' = 'http',
): OriginRule {
  return {
    isAllowed(origin, call) {
      if (origin === undefined || allowed.includes(origin)) return true;
      if (ownHosts().some((host) => ['http', 'https'].some((each) => originOf(each, host) === origin))) {
        return true;
      }
      return (
        call !== undefined &&
        addressOrigin(scheme, call) === origin &&
        originOf(scheme, call.headers.host) === origin
      );
    },
  };
}

/** As browsers write it: without the default port of the scheme, and addresses in their shortest form. */
function originOf(scheme: string, host: string | undefined): string | undefined {
  const url = `${scheme}://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

/**
 * Of a page that was opened at the address at which this call arrived. `Host` has to be that address too: the page
 * may come from a machine that has the same address in another network.
 */
function addressOrigin(
  scheme: string,
  { socket: { localAddress = '', localPort } }: ReceivedCall,
): string | undefined {
  // On a socket for both versions of IP, an IPv4 address is written as one of IPv6.
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/iu, '');
  return originOf(scheme, `${address.includes(':') ? `[${address}]` : address}:${localPort ?? ''}`);
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
    if (!rule.isAllowed(origin, request)) {
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
