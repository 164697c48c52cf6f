/**
 * What Node's parser gives up on: broken HTTP, too many bytes of headers, a call that does not come whole in time.
 * Such a call never becomes a request; it gets a problem of its own and its connection is closed.
 */
import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '#core/error-kinds.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { toProblemDocument } from './problem.js';

/** Bytes of all headers of a call together. */
export const maxHeaderBytes = 32_768;
/** Milliseconds until all of a call must have come. */
export const callTimeoutMs = 60_000;

type ParserError = Error & { readonly code?: string; readonly reason?: string };

export function answerUnreadableCalls(server: Server, onRefused: () => void): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => answering.set(socket, response));
  server.on('clientError', (error: ParserError, socket) => {
    onRefused();
    const response = answering.get(socket);
    // Behind the head of an answer that is under way a second one would be read as its body.
    const isAnswering = response !== undefined && response.headersSent && !response.writableFinished;
    if (socket.writable && !isAnswering) socket.write(toAnswer(error));
    socket.destroy();
  });
}

function toAnswer(error: ParserError): string {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW': {
      const allowed = `at most ${maxHeaderBytes} bytes altogether`;
      return rawProblem(431, 'INVALID_REQUEST', [toProblem('headers', undefined, allowed)]);
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const allowed = `the whole call within ${callTimeoutMs / 1_000} seconds`;
      return rawProblem(408, 'BODY_UNREADABLE', [toProblem('call', undefined, allowed)]);
    }
    default: {
      const reason = error.reason ?? error.message;
      return rawProblem(400, 'INVALID_REQUEST', [toProblem('HTTP', reason, 'a call of HTTP/1.1')]);
    }
  }
}

/** A whole answer for a socket that no `ServerResponse` belongs to. `status` may be narrower than the code's own. */
export function rawProblem(status: number, code: ErrorCode, problems: readonly Problem[]): string {
  const body = JSON.stringify({ ...toProblemDocument(new ReplytoError(code, { problems })), status });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    '',
    body,
  ].join('\r\n');
}
