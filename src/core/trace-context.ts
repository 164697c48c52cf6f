/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/) as calls and messages carry it. Both are carried on as they
 * came where nothing is traced, readable or not: no call and no message fails for its trace.
 */
import type { MessageProperties } from './message.js';

export type TraceContext = Pick<MessageProperties, 'traceparent' | 'tracestate'>;

/** What a `traceparent` says, all in lower-case hex. */
export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
}

const pattern =
  /^(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/u;

/** Undefined for what no trace can be continued from. Versions to come may say more behind it. */
export function parseTraceparent(text: string | undefined): Traceparent | undefined {
  const { version, traceId, spanId, flags, more } = pattern.exec(text ?? '')?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return /^0+$/u.test(traceId) || /^0+$/u.test(spanId) ? undefined : { traceId, spanId, flags };
}

export function toTraceparent({ traceId, spanId, flags }: Traceparent): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** Where the trace of a message is continued. */
export function traceContextOf({ traceparent, tracestate }: TraceContext): TraceContext {
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

/** The same properties under this trace; what they said of another is gone. */
export function withTrace(properties: MessageProperties, trace: TraceContext): MessageProperties {
  const changed: { -readonly [K in keyof MessageProperties]: MessageProperties[K] } = { ...properties };
  delete changed.traceparent;
  delete changed.tracestate;
  return { ...changed, ...traceContextOf(trace) };
}

/** Whether both can be read and belong to one trace. */
export function isSameTrace(one: TraceContext, other: TraceContext): boolean {
  const traceId = parseTraceparent(one.traceparent)?.traceId;
  return traceId !== undefined && traceId === parseTraceparent(other.traceparent)?.traceId;
}
