import { choice, duration, flag, optionalText, printable, section } from './setting.js';

/** Traces and metrics for a collector of OpenTelemetry. */
export const telemetry = section({
  otlpEndpoint: optionalText(
    {
      pattern: /^https?:\/\/[^\s@?#/]+(?:\/[^\s@?#]*)?$/u,
      allowed: 'http://host:port or https://host:port, also with a path, without login and parameters',
    },
    'Collector that gets traces and metrics, as OTLP over HTTP in JSON, at `/v1/traces` and `/v1/metrics` below it; none: nothing is traced, and none of OpenTelemetry is loaded. See docs/telemetry.md.',
  ),
  serviceName: optionalText(
    { pattern: printable, allowed: 'a name' },
    '`service.name` of what is told; absent: that of `OTEL_RESOURCE_ATTRIBUTES`, else `replyto`.',
  ),
  traces: choice(['otlp', 'none'], 'otlp', '`none`: no traces.'),
  metrics: choice(['otlp', 'none'], 'otlp', '`none`: no metrics; `/metrics` has its own in any case.'),
  metricsEveryMs: duration(
    { min: 100, max: 3_600_000, default: 60_000 },
    'How often metrics are sent to the collector.',
  ),
  disabled: flag(false, 'Send nothing, whatever else is set.'),
});
