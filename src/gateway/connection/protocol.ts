/**
 * What HTTP/1.1 asks of a call before anything else. Node's parser refuses what it cannot read; it lets pass what
 * another server, a proxy in front of this one, may read in another way (RFC 9112, 11.2), and that is refused here.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import type { ErrorCode } from '#core/error-kinds.js';
import { toProblem } from '#core/errors.js';
import { StatusError } from '../problem.js';

/** Bytes of a path with its query; RFC 9112 asks for 8,000 at least. */
const mostTargetBytes = 8_192;
/** More than a message may carry, and than proxies add. */
const mostHeaders = 250;

/** Lets calls with `Expect` be answered like all others: Node would let the body come, or refuse the call, at once. */
export function serveExpectations(server: Server): void {
  for (const event of ['checkContinue', 'checkExpectation'] as const) {
    server.on(event, (request, response) => server.emit('request', request, response));
  }
}

/** Whether the caller sends its body only when it is told to. */
export function awaitsContinue({ httpVersion, headers: { expect } }: IncomingMessage): boolean {
  return httpVersion === '1.1' && expect !== undefined && isContinue(expect);
}

function isContinue(expect: string): boolean {
  return expect.split(',').every((expectation) => expectation.trim().toLowerCase() === '100-continue');
}

/** A refusal, and whether it is the last answer: where a call ends is not sure, or its caller speaks no HTTP/1.1. */
export interface ProtocolFault {
  readonly error: StatusError;
  readonly isLast: boolean;
}

/** The first thing that is wrong with a call as one of HTTP/1.1. */
export function protocolFault(request: IncomingMessage): ProtocolFault | undefined {
  for (const check of [checkVersion, checkFraming, checkHost, checkTarget, checkHeaders, checkExpect]) {
    const fault = check(request);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** @throws INVALID_REQUEST, under the status that HTTP has for it */
export function checkProtocol(request: Request, response: Response, next: NextFunction): void {
  const fault = protocolFault(request);
  if (fault === undefined) {
    next();
    return;
  }
  if (fault.isLast) response.setHeader('Connection', 'close');
  throw fault.error;
}

interface Refusal {
  readonly status: number;
  readonly field: string;
  readonly value?: string | undefined;
  readonly allowed: string;
  readonly isLast?: boolean;
}

function toFault({ status, field, value, allowed, isLast = false }: Refusal): ProtocolFault {
  const code: ErrorCode = 'INVALID_REQUEST';
  return { error: new StatusError(status, code, { problems: [toProblem(field, value, allowed)] }), isLast };
}

/** The parser takes a line without a version for HTTP/0.9, and HTTP/2 in the form of its predecessor. */
function checkVersion({ httpVersion }: IncomingMessage): ProtocolFault | undefined {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined;
  const allowed = 'HTTP/1.1 or HTTP/1.0';
  return toFault({ status: 505, field: 'HTTP version', value: httpVersion, allowed, isLast: true });
}

/** The parser looks at the last coding alone, and takes a list without one for a call without a body. */
function checkFraming({ httpVersion, headers }: IncomingMessage): ProtocolFault | undefined {
  const value = headers['transfer-encoding'];
  if (value === undefined) return undefined;
  const refusal = { field: 'Transfer-Encoding', value, isLast: true };
  if (httpVersion === '1.0')
    return toFault({ ...refusal, status: 400, allowed: 'none: HTTP/1.0 has no such' });
  if (/^\s*(?:,|$)/u.test(value)) return toFault({ ...refusal, status: 400, allowed: 'chunked' });
  if (value.toLowerCase() !== 'chunked') return toFault({ ...refusal, status: 501, allowed: 'chunked' });
  return undefined;
}

const hostPattern = /^(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~!$&'()*+;=%-]*)(?::\d{0,5})?$/u;

function checkHost({ httpVersion, headersDistinct }: IncomingMessage): ProtocolFault | undefined {
  const hosts = headersDistinct['host'] ?? [];
  const refusal = { status: 400, field: 'Host', isLast: true };
  if (hosts.length === 0) {
    if (httpVersion === '1.0') return undefined;
    return toFault({ ...refusal, allowed: 'given, though it may be empty: HTTP/1.1 asks for it' });
  }
  const value = hosts.join(', ');
  if (hosts.length > 1) return toFault({ ...refusal, value, allowed: 'given once' });
  if (hostPattern.test(value)) return undefined;
  return toFault({ ...refusal, value, allowed: 'a host name or an address, with or without :port' });
}

function checkTarget({ method, url = '' }: IncomingMessage): ProtocolFault | undefined {
  if (url.length > mostTargetBytes) {
    const allowed = `at most ${mostTargetBytes} bytes with its query`;
    return toFault({ status: 414, field: 'path', value: `${url.length} bytes`, allowed });
  }
  const isOfServer = url === '*' && method === 'OPTIONS';
  const isPath = /^(?:\/|https?:\/\/[^/?#@]+(?:[/?]|$))/iu.test(url) && !url.includes('#');
  if (isOfServer || isPath) return undefined;
  const allowed = 'a path without #, or one behind http:// or https:// and a host; * for OPTIONS alone';
  return toFault({ status: 400, field: 'path', value: url, allowed });
}

function checkHeaders({ rawHeaders }: IncomingMessage): ProtocolFault | undefined {
  const count = rawHeaders.length / 2;
  if (count <= mostHeaders) return undefined;
  return toFault({ status: 431, field: 'headers', value: `${count}`, allowed: `at most ${mostHeaders}` });
}

function checkExpect({ httpVersion, headers: { expect } }: IncomingMessage): ProtocolFault | undefined {
  if (expect === undefined || httpVersion !== '1.1' || isContinue(expect)) return undefined;
  return toFault({ status: 417, field: 'Expect', value: expect, allowed: '100-continue' });
}
