/**
 * What becomes of a call that throws: a problem, without what was there of another answer. Where not even that can be
 * written, the connection is closed: nothing that is thrown while one call is answered ends the process.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { GatewayContext } from '../context.js';
import { sendProblem, startProblem, toGatewayError } from '../problem.js';

export interface FailedCalls {
  /** Takes note of the headers that every answer has; comes before what answers. */
  readonly watch: RequestHandler;
  /** Comes last. */
  readonly answer: ErrorRequestHandler;
}

/** A caller that sends nothing more of a refused body for this long has seen its answer, or never will. */
const quietMs = 1_000;
/** One that goes on sending reads its answer afterwards, if it is done by then. */
const sendingMs = 30_000;

export function createFailedCalls({ logger, meter, clock }: GatewayContext): FailedCalls {
  const common = new WeakMap<ServerResponse, readonly string[]>();

  function send(request: IncomingMessage, response: ServerResponse, error: ReplytoError): void {
    if (error.code === 'INTERNAL') {
      const kept = common.get(response) ?? response.getHeaderNames();
      for (const name of response.getHeaderNames()) {
        if (!kept.includes(name)) response.removeHeader(name);
      }
    }
    if (error.code === 'BODY_TOO_LARGE' && !request.complete) sendBeforeBody(request, response, error, clock);
    else sendProblem(response, error);
  }

  return {
    watch(_request, response, next) {
      common.set(response, response.getHeaderNames());
      response.on('error', (error) => logger.warn({ err: error }, 'an answer could not be written'));
      next();
    },
    answer(thrown, request, response, _next) {
      const error = toGatewayError(thrown);
      if (isFailure(error)) logger.error({ err: thrown as unknown, url: request.url }, 'a call failed');
      // Its caller is gone, or somebody else has refused it: the gateway stops, or its rest is no HTTP.
      if (response.destroyed || response.writableEnded) return;
      if (error.category === 'input') meter.count('requests-refused');
      try {
        if (response.headersSent) response.destroy();
        else send(request, response, error);
      } catch (failure) {
        logger.error({ err: failure, url: request.url }, 'a call could not be answered');
        response.destroy();
      }
    },
  };
}

/**
 * What only the log can tell of. An outage of the broker is told once by who holds the connection, and each state of a
 * request or of this process is the caller's to hear of.
 */
function isFailure({ kind, category, retryable }: ReplytoError): boolean {
  if (kind.httpStatus < 500 || category === 'state') return false;
  return category !== 'broker' || !retryable;
}

/**
 * Answers at once and closes the connection, but only when no more of the body comes: the system would throw the answer
 * away together with bytes that nobody has read.
 */
function sendBeforeBody(
  request: IncomingMessage,
  response: ServerResponse,
  error: ReplytoError,
  clock: Clock,
): void {
  const body = startProblem(response, error);
  response.setHeader('Connection', 'close');
  response.write(body);
  let cancelQuiet = clock.after(quietMs, end);
  const cancelSending = clock.after(sendingMs, end);
  request.on('data', onData).once('close', end);

  function onData(): void {
    cancelQuiet();
    cancelQuiet = clock.after(quietMs, end);
  }
  function end(): void {
    cancelQuiet();
    cancelSending();
    request.off('data', onData).off('close', end);
    response.end();
  }
}
