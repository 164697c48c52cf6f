/**
 * The tracer on the API of OpenTelemetry, whoever provides what is behind it. Each piece of work makes a span and, where
 * meters are provided, the measurements that the conventions ask for. Spans name every destination they are about;
 * of where messages are sent measurements tell only what `templateOf` knows, so that no stranger makes another series.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, MeterProvider, Span, TracerProvider } from '@opentelemetry/api';
import type { CallEnd, CallFacts, MessageFacts, MessageOperation, Tracer } from '#core/ports/tracer.js';
import { attribute } from './conventions.js';
import { createInstruments } from './instruments.js';
import { fromSpan, toSpanContext, within } from './trace-context.js';

export type { MeterProvider, TracerProvider } from '@opentelemetry/api';

export interface OpenTelemetryTracerOptions {
  /** As much of a TracerProvider as is used. */
  readonly tracerProvider: {
    getTracer(name: string, version: string): Pick<ReturnType<TracerProvider['getTracer']>, 'startSpan'>;
  };
  /** Absent: nothing is measured. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Of this product. */
  readonly version: string;
  /** What the conventions call the broker, such as `activemq`; undefined while nobody knows. */
  readonly system: () => string | undefined;
  /** What measurements call a queue, such as `orders.{action}`; undefined: nothing. */
  readonly templateOf: (queue: string) => string | undefined;
}

const kinds: Readonly<Record<MessageOperation, SpanKind>> = {
  request: SpanKind.INTERNAL,
  send: SpanKind.PRODUCER,
  process: SpanKind.CONSUMER,
  settle: SpanKind.CONSUMER,
};

/** The conventions know no other types; a request is a send and the wait for its reply. */
const types: Readonly<Record<MessageOperation, string | undefined>> = {
  request: undefined,
  send: 'send',
  process: 'process',
  settle: 'process',
};

const name = 'replyto';
/** Before the broker has said what it is. */
const unknownSystem = 'stomp';

export function createOpenTelemetryTracer(options: OpenTelemetryTracerOptions): Tracer {
  const { tracerProvider, meterProvider, version, templateOf } = options;
  const tracer = tracerProvider.getTracer(name, version);
  const instruments =
    meterProvider === undefined ? undefined : createInstruments(meterProvider.getMeter(name, version));

  /** What spans and measurements of a message have in common. */
  function commonOf({ operation }: MessageFacts): Attributes {
    const system = options.system() ?? unknownSystem;
    const type = types[operation];
    return {
      [attribute.messagingSystem]: system,
      [attribute.messagingSystemName]: system,
      [attribute.operationName]: operation,
      ...(type === undefined ? {} : { [attribute.operationType]: type }),
    };
  }

  return {
    isOn: true,

    call(facts, parent) {
      const beganAt = performance.now();
      const span = tracer.startSpan(
        facts.method,
        { kind: SpanKind.SERVER, attributes: callAttributes(facts) },
        within(ROOT_CONTEXT, parent),
      );
      return {
        context: fromSpan(span, parent),
        end(end) {
          const ended = callEndAttributes(end);
          if (end.route !== null) span.updateName(`${facts.method} ${end.route}`);
          if (end.requestId !== null) span.setAttribute(attribute.conversationId, end.requestId);
          span.setAttributes(ended);
          finish(span, end.failure ?? undefined);
          instruments?.call((performance.now() - beganAt) / 1_000, {
            [attribute.httpMethod]: facts.method,
            [attribute.urlScheme]: facts.scheme,
            ...ended,
          });
        },
      };
    },

    message(facts, parent, linked) {
      const beganAt = performance.now();
      const { operation, destination } = facts;
      const common = commonOf(facts);
      const link = linked === undefined ? undefined : toSpanContext(linked);
      // A requestor of the library is part of whatever its program traces already.
      const root = operation === 'request' ? context.active() : ROOT_CONTEXT;
      const isNamed = destination.kind !== 'opaque';
      // Whoever takes messages has chosen the queue; where they are sent, others have a say.
      const template = operation === 'send' ? templateOf(destination.name) : destination.name;
      const span = tracer.startSpan(
        isNamed ? `${operation} ${destination.name}` : operation,
        {
          kind: kinds[operation],
          attributes: { ...common, ...messageAttributes(facts) },
          ...(link === undefined ? {} : { links: [{ context: link }] }),
        },
        within(root, parent),
      );
      let isOpen = true;
      return {
        context: fromSpan(span, parent),
        run: (work) => context.with(trace.setSpan(context.active(), span), work),
        end(failure) {
          if (!isOpen) return;
          isOpen = false;
          finish(span, failure);
          instruments?.message(operation, (performance.now() - beganAt) / 1_000, {
            ...common,
            ...boundedDestination(isNamed ? template : undefined),
            ...(failure === undefined ? {} : { [attribute.errorType]: failure }),
          });
        },
      };
    },
  };
}

function finish(span: Span, failure: string | undefined): void {
  if (failure !== undefined) {
    span.setAttribute(attribute.errorType, failure);
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  }
  span.end();
}

function callAttributes({ method, path, scheme, httpVersion }: CallFacts): Attributes {
  return {
    [attribute.httpMethod]: method,
    [attribute.urlPath]: path,
    [attribute.urlScheme]: scheme,
    [attribute.protocolVersion]: httpVersion,
  };
}

function callEndAttributes({ route, status, failure }: CallEnd): Attributes {
  return {
    ...(route === null ? {} : { [attribute.httpRoute]: route }),
    ...(status === null ? {} : { [attribute.httpStatus]: status }),
    ...(failure === null ? {} : { [attribute.errorType]: failure }),
  };
}

function messageAttributes({ destination, message }: MessageFacts): Attributes {
  return {
    [attribute.destinationName]: destination.name,
    ...(destination.kind === 'opaque' ? { [attribute.destinationAnonymous]: true } : {}),
    [attribute.messageId]: message.messageId,
    // Of a request its own id: its reply names that one, so both are found by it.
    [attribute.conversationId]: message.correlationId ?? message.messageId,
    [attribute.bodySize]: message.body.byteLength,
  };
}

/** A template without a `{name}` is the name of one queue. */
function boundedDestination(template: string | undefined): Attributes {
  if (template === undefined) return {};
  return { [template.includes('{') ? attribute.destinationTemplate : attribute.destinationName]: template };
}
