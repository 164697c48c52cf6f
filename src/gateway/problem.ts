import type { Response } from 'express';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { ProblemDocument } from '#schema/problem.js';

/** application/problem+json (RFC 9457) for any error; `type` is a page that this server serves. */
export function toProblemDocument(error: ReplytoError): ProblemDocument {
  const { code, kind, message, problems, requestId, destination, deadlineAt } = error;
  return {
    type: `/problems/${code}`,
    title: kind.sentence,
    status: kind.httpStatus,
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
const retryAfterSeconds = 5;

export function sendProblem(response: Response, error: ReplytoError): void {
  if (error.retryable) response.setHeader('Retry-After', String(retryAfterSeconds));
  if (error.requestId !== undefined) response.setHeader('Message-ID', error.requestId);
  sendProblemDocument(response, toProblemDocument(error));
}

export function sendProblemDocument(response: Response, document: ProblemDocument): void {
  response.status(document.status);
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(document));
}

/** What Express and its body parser throw, in terms of the error table. */
export function toGatewayError(thrown: unknown): ReplytoError {
  if (isReplytoError(thrown)) return thrown;
  if (thrown instanceof URIError) {
    const problems = [toProblem('path', undefined, 'valid percent-encoding')];
    return new ReplytoError('INVALID_REQUEST', { problems, cause: thrown });
  }
  return isBodyParserError(thrown) ? fromBodyParser(thrown) : new ReplytoError('INTERNAL', { cause: thrown });
}

/** An error of http-errors, as body-parser makes it. */
type BodyParserError = Error & {
  readonly status: number;
  readonly type?: string;
  readonly limit?: number;
  readonly length?: number;
  readonly encoding?: string;
  readonly received?: number;
  readonly expected?: number;
};

function isBodyParserError(thrown: unknown): thrown is BodyParserError {
  return thrown instanceof Error && 'status' in thrown && Number(thrown.status) < 500;
}

function fromBodyParser(error: BodyParserError): ReplytoError {
  switch (error.type) {
    case 'entity.too.large': {
      const value = error.length === undefined ? undefined : `${error.length} bytes`;
      const problems = [toProblem('body', value, `at most ${error.limit ?? 0} bytes`)];
      return new ReplytoError('BODY_TOO_LARGE', { problems, cause: error });
    }
    case 'encoding.unsupported': {
      const problems = [toProblem('Content-Encoding', error.encoding, 'gzip, deflate, br or none')];
      return new ReplytoError('UNSUPPORTED_CONTENT', { problems, cause: error });
    }
    default: {
      const problems = [bodyProblem(error)];
      return new ReplytoError('BODY_UNREADABLE', { problems, cause: error });
    }
  }
}

function bodyProblem({ type, received, expected }: BodyParserError): Problem {
  switch (type) {
    case 'request.aborted':
    case 'request.size.invalid':
      return toProblem('body', `${received ?? 0} bytes`, `${expected ?? 0} bytes, as Content-Length says`);
    default:
      return toProblem('body', undefined, 'data as Content-Encoding says');
  }
}
