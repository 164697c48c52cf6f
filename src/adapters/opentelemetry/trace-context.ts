/** Between headers and the API of OpenTelemetry. */
import type { Context, Span } from '@opentelemetry/api';
import { createTraceState, isSpanContextValid, trace } from '@opentelemetry/api';
import type { TraceContext } from '#core/trace-context.js';
import { parseTraceparent, toTraceparent } from '#core/trace-context.js';
import type { SpanContext } from '@opentelemetry/api';

/** Undefined when no trace can be continued from it. */
export function toSpanContext({ traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  if (parsed === undefined) return undefined;
  return {
    traceId: parsed.traceId,
    spanId: parsed.spanId,
    traceFlags: Number.parseInt(parsed.flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}

/** The context in which a span is begun that has this parent; `root` where it has none. */
export function within(root: Context, parent: TraceContext): Context {
  const spanContext = toSpanContext(parent);
  return spanContext === undefined ? root : trace.setSpanContext(root, spanContext);
}

/** Where the trace goes on after this span; after one that is none, where it was before. */
export function fromSpan(span: Span, parent: TraceContext): TraceContext {
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext)) return parent;
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const tracestate = traceState?.serialize() ?? '';
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  return {
    traceparent: toTraceparent({ traceId, spanId, flags }),
    ...(tracestate === '' ? {} : { tracestate }),
  };
}
