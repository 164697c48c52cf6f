import type { RequestHandler } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;
type Header = Parameters<ServerResponse['setHeader']>;

/**
 * Sets on every response what `middleware` sets on one: for middleware whose headers never depend on the call, and which works
 * them out again for each.
 */
export function fixedHeaders(middleware: Middleware): RequestHandler {
  const headers = headersOf(middleware);
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}

/** @throws what the middleware fails with; Error when it does not go on at once */
function headersOf(middleware: Middleware): readonly Header[] {
  const headers: Header[] = [];
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  response.setHeader = (...header) => {
    headers.push(header);
    return response;
  };
  const outcome: unknown[] = [];
  middleware(request, response, (error) => outcome.push(error));
  const [failure] = outcome;
  if (failure instanceof Error) throw failure;
  if (outcome.length === 0) throw new Error('the middleware does not go on at once');
  return headers;
}
