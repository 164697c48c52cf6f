import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '#core/error-kinds.js';
import type { ErrorFacts } from '#core/errors.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { ProblemDocument } from '#schema/problem.js';

/** An error under an HTTP status that says more than the one of its code, such as 431 of INVALID_REQUEST. */
export class StatusError extends ReplytoError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, facts?: ErrorFacts) {
    super(code, facts);
    this.status = status;
  }
}

/** A call without a token that counts; `error` as RFC 6750 names it, null when there was no token at all. */
export class ChallengeError extends ReplytoError {
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;

  constructor(error: 'invalid_token' | null, facts?: ErrorFacts) {
    super('NOT_AUTHENTICATED', facts);
    this.challenge = `Bearer realm="replyto"${error === null ? '' : `, error="${error}"`}`;
  }
}

/** application/problem+json (RFC 9457) for any error; `type` is a page that this server serves. */
export function toProblemDocument(error: ReplytoError): ProblemDocument {
  const { code, kind, message, problems, requestId, destination, deadlineAt } = error;
  return {
    type: `/problems/${code}`,
    title: kind.sentence,
    status: error instanceof StatusError ? error.status : kind.httpStatus,
    // What failed inside stays in the log.
    ...(code === 'INTERNAL' ? {} : { detail: message }),
    code,
    ...(problems.length === 0 ? {} : { problems: [...problems] }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(destination === undefined ? {} : { destination }),
    ...(deadlineAt === undefined ? {} : { deadlineAt: new Date(deadlineAt).toISOString() }),
  };
}

/** The Fault of a service, with the status it asks for, else 502. */
export function toFaultDocument(fault: FaultBody, requestId: string): ProblemDocument {
  const error = new ReplytoError('REPLY_FAULT', { detail: fault.message, requestId });
  return { ...toProblemDocument(error), status: fault.status ?? error.kind.httpStatus, fault };
}

/** Seconds after which the same call may work, for what is only full or away. */
export const retryAfterSeconds = 5;

export function sendProblem(response: ServerResponse, error: ReplytoError): void {
  response.end(startProblem(response, error));
}

/** The last answer on its connection. */
export function sendLastProblem(response: ServerResponse, error: ReplytoError): void {
  response.setHeader('Connection', 'close');
  sendProblem(response, error);
}

export function sendProblemDocument(response: ServerResponse, document: ProblemDocument): void {
  response.end(startDocument(response, document));
}

/** Sets status and headers of a problem; gives its body. */
export function startProblem(response: ServerResponse, error: ReplytoError): string {
  if (error.retryable) response.setHeader('Retry-After', String(retryAfterSeconds));
  if (error.requestId !== undefined) response.setHeader('Message-ID', error.requestId);
  if (error instanceof ChallengeError) response.setHeader('WWW-Authenticate', error.challenge);
  return startDocument(response, toProblemDocument(error));
}

const codes = new WeakMap<ServerResponse, string>();

/** The code of the problem that a response is; undefined when it is none. */
export function problemCodeOf(response: ServerResponse): string | undefined {
  return codes.get(response);
}

function startDocument(response: ServerResponse, document: ProblemDocument): string {
  codes.set(response, document.code);
  response.statusCode = document.status;
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Cache-Control', 'no-store');
  const body = JSON.stringify(document);
  // Node leaves it out for HTTP/1.0.
  response.setHeader('Content-Length', Buffer.byteLength(body));
  return body;
}

/** What Express throws, in terms of the error table. */
export function toGatewayError(thrown: unknown): ReplytoError {
  if (isReplytoError(thrown)) return thrown;
  if (thrown instanceof URIError) {
    const problems = [toProblem('path', undefined, 'valid percent-encoding')];
    return new ReplytoError('INVALID_REQUEST', { problems, cause: thrown });
  }
  // Of a file that is served.
  if (thrown instanceof Error && 'status' in thrown && thrown.status === 412) {
    const allowed = 'what is true of the file as it is';
    const problems = [toProblem('If-Match or If-Unmodified-Since', undefined, allowed)];
    return new StatusError(412, 'INVALID_REQUEST', { problems, cause: thrown });
  }
  return new ReplytoError('INTERNAL', { cause: thrown });
}
