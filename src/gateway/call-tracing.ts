/** The span of a call: from its arrival to the end of its answer, in the trace that its caller has begun. */
import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { CallFacts, CallSpan, Tracer } from '#core/ports/tracer.js';
import type { TraceContext } from '#core/trace-context.js';
import { traceContextOf } from '#core/trace-context.js';
import { askedByMachines } from './operations.js';
import { problemCodeOf } from './problem.js';

interface TracedCall {
  readonly span: CallSpan;
  /** The configured route that took it, which Express does not know. */
  route: string | null;
}

const calls = new WeakMap<ServerResponse, TracedCall>();

/** Paths are as long as callers like. */
const longestPath = 1_000;

/** Traces every call, but those of machines. */
export function traceCalls(tracer: Tracer, scheme: CallFacts['scheme']): RequestHandler {
  return (request, response, next) => {
    if (!askedByMachines.has(request.path)) {
      const { method, httpVersion } = request;
      // Express reads none from a target such as `any://`.
      const path = ((request.path as string | null) ?? '').slice(0, longestPath);
      const span = tracer.call({ method, path, scheme, httpVersion }, callerTrace(request));
      const call: TracedCall = { span, route: null };
      calls.set(response, call);
      response.once('close', () => end(call, request, response));
    }
    next();
  };
}

/** Of two traces none is continued (W3C Trace Context, 3.2): Node joins them, and nobody can read that. */
function callerTrace({ headers }: Request): TraceContext {
  const { traceparent, tracestate } = headers as Readonly<Record<string, string | undefined>>;
  return traceContextOf({
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  });
}

function end({ span, route }: TracedCall, request: Request, response: ServerResponse): void {
  const status = response.headersSent ? response.statusCode : null;
  const requestId = requestIdOf(response);
  span.end({
    route: route ?? expressRouteOf(request),
    status,
    requestId: typeof requestId === 'string' ? requestId : null,
    failure: status === null ? 'gone' : status >= 500 ? (problemCodeOf(response) ?? String(status)) : null,
  });
}

/** `/requests/:id` as `/requests/{id}`. */
function expressRouteOf(request: Request): string | null {
  const { path } = (request.route ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? path.replaceAll(/:(\w+)/gu, '{$1}') : null;
}

/** Says which configured route took the call. */
export function nameRoute(response: ServerResponse, path: string): void {
  const call = calls.get(response);
  if (call !== undefined) call.route = path;
}

/** Where the trace of a call goes on; undefined where nothing is traced. */
export function traceOf(response: ServerResponse): TraceContext | undefined {
  return calls.get(response)?.span.context;
}

/** With a reply `Message-ID` is that of the reply, and `Correl-ID` names the request. */
export function requestIdOf(response: ServerResponse): unknown {
  return response.getHeader('Correl-ID') ?? response.getHeader('Message-ID');
}
