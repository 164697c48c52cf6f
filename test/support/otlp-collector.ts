import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A span as it came over OTLP. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Spans of other traces. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  /** Who told of it: `service.name`. */
  readonly service: unknown;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly tracestate: string;
}

/** A data point of a metric. */
export interface CollectedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of a histogram how many were measured, of a counter its value. */
  readonly count: number;
}

/** What it does with what comes: takes it, answers with this status, or never answers. */
export type CollectorManner = 'take' | 'hang' | number;

/** A collector of OpenTelemetry: OTLP over HTTP in JSON, at `/v1/traces` and `/v1/metrics`. */
export interface OtlpCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Of every report, the latest of a metric last. */
  readonly points: readonly CollectedPoint[];
  /** Calls that came, whatever became of them. */
  calls(): number;
  /** Faults of what was sent: a wrong path, a body that is no OTLP. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

const kinds = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WireSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number };
}

interface WirePoint {
  readonly attributes: readonly Attribute[];
  readonly count?: number | string;
  readonly asInt?: number | string;
  readonly asDouble?: number;
}

interface WireMetric {
  readonly name: string;
  readonly unit: string;
  readonly histogram?: { readonly dataPoints: readonly WirePoint[] };
  readonly sum?: { readonly dataPoints: readonly WirePoint[] };
  readonly gauge?: { readonly dataPoints: readonly WirePoint[] };
}

interface Resource {
  readonly attributes: readonly Attribute[];
}

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: Resource;
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface Metrics {
  readonly resourceMetrics: readonly {
    readonly resource: Resource;
    readonly scopeMetrics: readonly { readonly metrics: readonly WireMetric[] }[];
  }[];
}

/** Each value stands under the name of its type; whole numbers may be text. */
function toAttributes(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [[type, plain] = ['', undefined]] = Object.entries(value);
      return [key, type === 'intValue' ? Number(plain) : plain];
    }),
  );
}

function readTraces({ resourceSpans }: Traces): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const facts = toAttributes(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: kinds[span.kind] ?? 'INTERNAL',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        attributes: toAttributes(span.attributes),
        links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
        isError: span.status.code === 2,
        service: facts['service.name'],
        resource: facts,
        tracestate: span.traceState ?? '',
      })),
    );
  });
}

function readMetrics({ resourceMetrics }: Metrics): CollectedPoint[] {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  );
  return metrics.flatMap(({ name, unit, histogram, sum, gauge }) =>
    (histogram ?? sum ?? gauge ?? { dataPoints: [] }).dataPoints.map((point) => ({
      metric: name,
      unit,
      attributes: toAttributes(point.attributes),
      count: Number(point.count ?? point.asInt ?? point.asDouble),
    })),
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Whoever starts it stops it. */
export async function startOtlpCollector(manner: CollectorManner = 'take'): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const points: CollectedPoint[] = [];
  const faults: string[] = [];
  let calls = 0;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (manner === 'hang') return;
    if (typeof manner === 'number') {
      response.writeHead(manner).end('no');
      return;
    }
    try {
      const read: unknown = JSON.parse(body.toString('utf8'));
      if (request.url === '/v1/traces') spans.push(...readTraces(read as Traces));
      else if (request.url === '/v1/metrics') points.push(...readMetrics(read as Metrics));
      else faults.push(`${request.method ?? ''} ${request.url ?? ''}`);
    } catch (error) {
      faults.push(`${String(error)}: ${body.toString('utf8')}`);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  const server = createServer((request, response) => {
    calls += 1;
    take(request, response).catch((error: unknown) => faults.push(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    points,
    faults,
    calls: () => calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
