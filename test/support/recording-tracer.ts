import type { CallEnd, CallFacts, MessageFacts, Tracer } from '#core/ports/tracer.js';
import type { TraceContext } from '#core/trace-context.js';
import { parseTraceparent, toTraceparent } from '#core/trace-context.js';

export interface RecordedSpan {
  readonly facts: MessageFacts | CallFacts;
  readonly parent: TraceContext;
  readonly linked: TraceContext | undefined;
  readonly context: TraceContext;
  /** What it was ended with; the first counts. Empty while it is open. */
  ends: (string | undefined | CallEnd)[];
}

/** A tracer that keeps what it is told. Spans have numbers for ids; a trace without a parent is `f…`. */
export interface RecordingTracer extends Tracer {
  readonly spans: readonly RecordedSpan[];
}

export const callerTrace = newTraceparent('a', 1);

/** A traceparent of this trace, a digit of hex, and span. */
export function newTraceparent(trace: string, span: number): string {
  return toTraceparent({ traceId: trace.repeat(32), spanId: String(span).padStart(16, '0'), flags: '01' });
}

export function createRecordingTracer(): RecordingTracer {
  const spans: RecordedSpan[] = [];
  function begin(facts: RecordedSpan['facts'], parent: TraceContext, linked?: TraceContext): RecordedSpan {
    const { traceId = 'f'.repeat(32) } = parseTraceparent(parent.traceparent) ?? {};
    const spanId = String(1_000 + spans.length).padStart(16, '0');
    const context = { traceparent: toTraceparent({ traceId, spanId, flags: '01' }) };
    const span: RecordedSpan = { facts, parent, linked, context, ends: [] };
    spans.push(span);
    return span;
  }
  return {
    isOn: true,
    spans,
    call(facts, parent) {
      const span = begin(facts, parent);
      return { context: span.context, end: (end) => void span.ends.push(end) };
    },
    message(facts, parent, linked) {
      const span = begin(facts, parent, linked);
      return {
        context: span.context,
        run: (work) => work(),
        end: (failure) => void span.ends.push(failure),
      };
    },
  };
}
