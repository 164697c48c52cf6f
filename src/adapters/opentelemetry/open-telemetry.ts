/**
 * Traces and metrics by OpenTelemetry, sent to a collector over OTLP. Guarantee: none for what is told, and nothing for
 * requests to fear: spans wait in a queue of 2,048, of which those that come beyond it are dropped, and are sent in the
 * background. Failure: what the collector does not take in time is lost, and the log says so once a minute.
 * Shutdown: what waits is sent, for a while; a collector that was away just now gets less of it.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Tracer } from '#core/ports/tracer.js';
import { attribute } from './conventions.js';
import { createExportWatch } from './export-watch.js';
import { createMetricExporter, createSpanExporter } from './exporters.js';
import type { OpenTelemetryTracerOptions } from './tracer.js';
import { createOpenTelemetryTracer } from './tracer.js';

export interface OpenTelemetryOptions extends Pick<
  OpenTelemetryTracerOptions,
  'version' | 'system' | 'templateOf'
> {
  /** Of the collector, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Milliseconds between two reports of metrics. */
  readonly metricsEveryMs: number;
  /** Goes before `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly serviceName?: string | undefined;
  /** Where nobody says otherwise. */
  readonly usualServiceName: string;
  /** This process among others. */
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OpenTelemetry {
  readonly tracer: Tracer;
  /** Sends what waits, at most for so long; nothing is under way afterwards. */
  stop(deadlineMs: number): Promise<void>;
}

const longestStopMs = 5_000;
const longestStopOfAwayMs = 1_000;
/** As the specification has it; a report that takes longer is given up. */
const exportTimeoutMs = 30_000;

export function createOpenTelemetry(options: OpenTelemetryOptions): OpenTelemetry {
  const { clock, metricsEveryMs } = options;
  const watches = {
    spans: createExportWatch('spans', options),
    metrics: createExportWatch('metrics', options),
  };
  // Of their own, so that nothing is under way any more once they are destroyed.
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const exporting = {
    endpoint: options.endpoint,
    agents: (protocol: string) => (protocol === 'https:' ? agents.https : agents.http),
  };
  const resource = resourceOf(options);
  const tracerProvider = options.traces
    ? new BasicTracerProvider({
        resource,
        spanProcessors: [new BatchSpanProcessor(createSpanExporter({ ...exporting, watch: watches.spans }))],
      })
    : undefined;
  const meterProvider = options.metrics
    ? new MeterProvider({
        resource,
        readers: [
          new PeriodicExportingMetricReader({
            exporter: createMetricExporter({ ...exporting, watch: watches.metrics }),
            exportIntervalMillis: metricsEveryMs,
            exportTimeoutMillis: Math.min(exportTimeoutMs, metricsEveryMs),
          }),
        ],
      })
    : undefined;

  async function stop(deadlineMs: number): Promise<void> {
    const isAway = watches.spans.isAway() || watches.metrics.isAway();
    const withinMs = Math.min(deadlineMs, isAway ? longestStopOfAwayMs : longestStopMs);
    const ending = Promise.allSettled([tracerProvider?.shutdown(), meterProvider?.shutdown()]);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      void ending.then(() => {
        cancel();
        resolve();
      });
    });
    for (const agent of [agents.http, agents.https]) agent.destroy();
  }

  return {
    tracer: createOpenTelemetryTracer({
      ...options,
      tracerProvider: tracerProvider ?? untraced,
      meterProvider,
    }),
    stop,
  };
}

/** Spans that tell nothing; where a trace goes by, it goes on as it came. */
const untraced: OpenTelemetryTracerOptions['tracerProvider'] = {
  getTracer: () => ({
    startSpan: (_name, _options, parent = ROOT_CONTEXT) =>
      trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT),
  }),
};

/** The later goes before the earlier. */
function resourceOf({ usualServiceName, serviceName, version, instance }: OpenTelemetryOptions): Resource {
  const usual = {
    [attribute.serviceName]: usualServiceName,
    [attribute.serviceVersion]: version,
    [attribute.serviceInstance]: instance,
  };
  const given = serviceName === undefined ? {} : { [attribute.serviceName]: serviceName };
  return defaultResource()
    .merge(resourceFromAttributes(usual))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes(given));
}
