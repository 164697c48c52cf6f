/** Exporters that send OTLP as JSON over HTTP and tell a watch what became of it. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { ExportWatch } from './export-watch.js';

type ExporterSettings = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

interface ExporterOptions {
  /** Of the collector, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly agents: NonNullable<ExporterSettings['httpAgentOptions']>;
  readonly watch: ExportWatch;
}

/** Each signal has its path below the endpoint. */
function urlOf(endpoint: string, signal: 'traces' | 'metrics'): string {
  return `${endpoint.replace(/\/+$/u, '')}/v1/${signal}`;
}

export function createSpanExporter({ endpoint, agents, watch }: ExporterOptions): SpanExporter {
  const exporter = new OTLPTraceExporter({ url: urlOf(endpoint, 'traces'), httpAgentOptions: agents });
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        watch.exported(result, spans.length);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

export function createMetricExporter({ endpoint, agents, watch }: ExporterOptions): PushMetricExporter {
  const exporter = new OTLPMetricExporter({ url: urlOf(endpoint, 'metrics'), httpAgentOptions: agents });
  return {
    export(metrics, done) {
      exporter.export(metrics, (result) => {
        const count = metrics.scopeMetrics.reduce((sum, scope) => sum + scope.metrics.length, 0);
        watch.exported(result, count);
        done(result);
      });
    },
    selectAggregation: (type) => exporter.selectAggregation(type),
    selectAggregationTemporality: (type) => exporter.selectAggregationTemporality(type),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
