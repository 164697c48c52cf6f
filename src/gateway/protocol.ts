/** What HTTP/1.1 asks of a call before anything else; Node would refuse it without a word of why. */
import type { IncomingMessage, Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { StatusError } from './problem.js';

/** Lets calls with `Expect` be answered like all others: Node would let the body come, or refuse the call, at once. */
export function serveExpectations(server: Server): void {
  for (const event of ['checkContinue', 'checkExpectation'] as const) {
    server.on(event, (request, response) => server.emit('request', request, response));
  }
}

/** Whether the caller sends its body only when it is told to. */
export function awaitsContinue({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/iu.test(headers.expect ?? '');
}

/** @throws INVALID_REQUEST, as 417 for an `Expect` that nobody can meet */
export function checkProtocol(request: Request, response: Response, next: NextFunction): void {
  const { host, expect } = request.headers;
  if (request.httpVersion !== '1.1') {
    next();
    return;
  }
  if (host === undefined) {
    response.setHeader('Connection', 'close');
    const problems = [toProblem('Host', undefined, 'given, though it may be empty: HTTP/1.1 asks for it')];
    throw new ReplytoError('INVALID_REQUEST', { problems });
  }
  if (expect !== undefined && !awaitsContinue(request)) {
    throw new StatusError(417, 'INVALID_REQUEST', {
      problems: [toProblem('Expect', expect, '100-continue')],
    });
  }
  next();
}
