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

/**
 * They say how this server is called, and HTTP asks for a header with each (RFC 9110, 15.5.2, 15.5.6, 15.5.8 and
 * 15.5.22), which no service can know.
 */
const ownStatuses: ReadonlySet<number> = new Set([401, 405, 407, 426]);

/** The Fault of a service, with the status it asks for where a service may say that, else 502. */
function toFaultDocument(fault: FaultBody, requestId: string): ProblemDocument {
  const error = new ReplytoError('REPLY_FAULT', { detail: fault.message, requestId });
  const { httpStatus } = error.kind;
  const { status = httpStatus } = fault;
  return { ...toProblemDocument(error), status: ownStatuses.has(status) ? httpStatus : status, fault };
}

/** For what is only full or away, where nothing tells for how long. */
const defaultRetryAfterSeconds = 5;

/** Value of `Retry-After`; undefined where the same call will not work later either. */
export function retryAfterOf({ retryable, retryAfterSeconds }: ReplytoError): string | undefined {
  return retryable ? String(retryAfterSeconds ?? defaultRetryAfterSeconds) : undefined;
}

export function sendProblem(response: ServerResponse, error: ReplytoError): void {
  response.end(startProblem(response, error));
}

/** The last answer on its connection. */
export function sendLastProblem(response: ServerResponse, error: ReplytoError): void {
  response.setHeader('Connection', 'close');
  sendProblem(response, error);
}

export function sendFault(response: ServerResponse, fault: FaultBody, requestId: string): void {
  const document = toFaultDocument(fault, requestId);
  const isBusy = document.status === 429 || document.status === 503;
  if (isBusy && fault.retryable === true) response.setHeader('Retry-After', String(defaultRetryAfterSeconds));
  response.end(startDocument(response, document));
}

/** Sets status and headers of a problem; gives its body. */
export function startProblem(response: ServerResponse, error: ReplytoError): string {
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
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
