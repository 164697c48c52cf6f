import type { MeterProvider, TracerProvider } from '#adapters/opentelemetry/tracer.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { telemetry as telemetrySettings } from '#schema/telemetry-settings.js';
import { check } from '#schema/problems.js';
import type { Telemetry, TelemetryOptions } from '../telemetry.js';
import { messagingSystemOf, noTelemetry, startTelemetry } from '../telemetry.js';
import { productVersion } from '../version.js';
import { hasMethods, isObject, nameProblems } from './option-checks.js';

/** A collector of OpenTelemetry that gets what happens on this broker connection. */
export interface CollectorOptions {
  /** Such as `http://127.0.0.1:4318`; gets OTLP over HTTP in JSON. Undefined: nothing is traced. */
  readonly otlpEndpoint: string | undefined;
  /** `service.name`; default: that of `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES`, else `replyto`. */
  readonly serviceName?: string;
  /** Default true. */
  readonly traces?: boolean;
  /** Default true. */
  readonly metrics?: boolean;
}

/** What a program with OpenTelemetry of its own has; it ends them itself. */
export interface ProvidersOptions {
  readonly tracerProvider: TracerProvider;
  /** Default: nothing is measured. */
  readonly meterProvider?: MeterProvider;
}

export type LibraryTelemetry = CollectorOptions | ProvidersOptions;

const collectorNames = Object.keys({
  otlpEndpoint: true,
  serviceName: true,
  traces: true,
  metrics: true,
} satisfies Record<keyof CollectorOptions, true>);

const providerNames = Object.keys({
  tracerProvider: true,
  meterProvider: true,
} satisfies Record<keyof ProvidersOptions, true>);

const allowed = 'an object with an otlpEndpoint, or with a tracerProvider of OpenTelemetry';

export function telemetryProblems(given: unknown): readonly (Problem | undefined)[] {
  if (given === undefined) return [];
  if (!isObject(given) || !('otlpEndpoint' in given || 'tracerProvider' in given)) {
    return [toProblem('telemetry', undefined, allowed)];
  }
  return 'tracerProvider' in given ? providerProblems(given) : collectorProblems(given);
}

function providerProblems(given: Readonly<Record<string, unknown>>): (Problem | undefined)[] {
  const { tracerProvider, meterProvider } = given;
  return [
    ...nameProblems(given, providerNames, 'telemetry.'),
    hasMethods(tracerProvider, ['getTracer'])
      ? undefined
      : toProblem('telemetry.tracerProvider', undefined, 'a TracerProvider of OpenTelemetry'),
    meterProvider === undefined || hasMethods(meterProvider, ['getMeter'])
      ? undefined
      : toProblem('telemetry.meterProvider', undefined, 'a MeterProvider of OpenTelemetry'),
  ];
}

function collectorProblems(given: Readonly<Record<string, unknown>>): (Problem | undefined)[] {
  const { otlpEndpoint, serviceName, traces, metrics } = given;
  const checked = check(telemetrySettings, { otlpEndpoint, serviceName });
  const findings = checked.ok ? [] : checked.findings;
  return [
    ...nameProblems(given, collectorNames, 'telemetry.'),
    ...findings.map(({ path, allowed: words }) => toProblem(`telemetry.${path.join('.')}`, undefined, words)),
    ...Object.entries({ traces, metrics }).map(([name, value]) =>
      value === undefined || typeof value === 'boolean'
        ? undefined
        : toProblem(`telemetry.${name}`, undefined, 'true or false'),
    ),
  ];
}

export async function startLibraryTelemetry(
  given: LibraryTelemetry | undefined,
  options: Omit<TelemetryOptions, 'settings'>,
): Promise<Telemetry> {
  if (given === undefined) return noTelemetry;
  if ('tracerProvider' in given) {
    const { createOpenTelemetryTracer } = await import('#adapters/opentelemetry/tracer.js');
    const { brokerName, templateOf } = options;
    const system = (): string | undefined => messagingSystemOf(brokerName());
    const tracer = createOpenTelemetryTracer({ ...given, version: productVersion, system, templateOf });
    return { ...noTelemetry, tracer };
  }
  const { otlpEndpoint, serviceName, traces = true, metrics = true } = given;
  const settings = {
    ...telemetrySettings.parse({}),
    otlpEndpoint,
    serviceName,
    traces: traces ? ('otlp' as const) : ('none' as const),
    metrics: metrics ? ('otlp' as const) : ('none' as const),
  };
  return startTelemetry({ ...options, settings });
}
