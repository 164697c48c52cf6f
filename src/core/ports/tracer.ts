import type { Destination } from '../destination.js';
import type { Message } from '../message.js';
import type { TraceContext } from '../trace-context.js';

/** What is done with a message: by a requestor, whoever sends, a service, whoever takes replies. */
export type MessageOperation = 'request' | 'send' | 'process' | 'settle';

export interface MessageFacts {
  readonly operation: MessageOperation;
  /** Where it goes to, or comes from. */
  readonly destination: Destination;
  readonly message: Pick<Message, 'messageId' | 'correlationId'> & { readonly body: { byteLength: number } };
}

export interface CallFacts {
  readonly method: string;
  /** As it came, without its query. */
  readonly path: string;
  readonly scheme: 'http' | 'https';
  /** `1.1` */
  readonly httpVersion: string;
}

export interface CallEnd {
  /** What was matched, such as `/requests/{queue}`; null for what is served nowhere. */
  readonly route: string | null;
  /** Null when the caller hung up before there was one. */
  readonly status: number | null;
  /** The request that it was about. */
  readonly requestId: string | null;
  /** Code of the error, of this side's failures alone. */
  readonly failure: string | null;
}

/** One piece of work of a trace. Its methods never throw. */
export interface Span {
  /** For whoever continues the trace from here. */
  readonly context: TraceContext;
  /** Runs the work as what happens within this span, for other instruments of the process. */
  run<T>(work: () => T): T;
  /** The first end counts. `failure`: the code of what went wrong. */
  end(failure?: string): void;
}

export interface CallSpan {
  readonly context: TraceContext;
  end(end: CallEnd): void;
}

/**
 * Traces and measures what happens to calls and messages, for whoever looks at many programs at once. Its methods never
 * throw, wait for nothing, and keep no more than so much until it is taken away.
 */
export interface Tracer {
  /** False: it does nothing, and what would be done for it may be left out. */
  readonly isOn: boolean;
  call(facts: CallFacts, parent: TraceContext): CallSpan;
  /** `linked`: another trace that this belongs to as well. Without a parent that can be read a new trace begins. */
  message(facts: MessageFacts, parent: TraceContext, linked?: TraceContext): Span;
}

export const silentTracer: Tracer = {
  isOn: false,
  call: (_facts, context) => ({ context, end: () => undefined }),
  message: (_facts, context) => ({ context, run: (work) => work(), end: () => undefined }),
};
