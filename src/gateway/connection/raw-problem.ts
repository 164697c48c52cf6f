/** Problems for connections on which no `ServerResponse` can answer. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ReplytoError } from '#core/errors.js';
import { ChallengeError, retryAfterOf, toProblemDocument } from '../problem.js';

/** Writes the whole answer and closes both sides once the system has taken it. `headers`: lines besides its own. */
export function endWithProblem(socket: Duplex, error: ReplytoError, headers: readonly string[] = []): void {
  if (socket.writable) socket.write(toText(error, headers));
  (socket as Socket).destroySoon();
}

function toText(error: ReplytoError, headers: readonly string[]): string {
  const document = toProblemDocument(error);
  const retryAfter = retryAfterOf(error);
  const body = JSON.stringify(document);
  return [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...(error instanceof ChallengeError ? [`WWW-Authenticate: ${error.challenge}`] : []),
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...headers,
    '',
    body,
  ].join('\r\n');
}
