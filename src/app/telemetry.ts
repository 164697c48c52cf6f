/** Traces and metrics for a collector of OpenTelemetry, where one is configured. Without one nothing of it is loaded. */
import { ownDestinations } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Tracer } from '#core/ports/tracer.js';
import { silentTracer } from '#core/ports/tracer.js';
import { createRouteLabels } from '#gateway/route-labels.js';
import { createRouteTable } from '#gateway/route-table.js';
import type { Configuration } from '#schema/configuration.js';
import { productVersion } from './version.js';

export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what waits, at most for so long. */
  stop(deadlineMs: number): Promise<void>;
}

export interface TelemetryOptions {
  readonly settings: Configuration['telemetry'];
  /** This process among others. */
  readonly instance: string;
  /** What the broker calls itself in this product, see dialects; undefined while it is away. */
  readonly brokerName: () => string | undefined;
  /** What measurements call a queue; undefined: nothing. */
  readonly templateOf: (queue: string) => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const noTelemetry: Telemetry = { tracer: silentTracer, stop: () => Promise.resolve() };

const usualServiceName = 'replyto';

export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { otlpEndpoint: endpoint, disabled, ...settings } = options.settings;
  const wanted = { traces: settings.traces === 'otlp', metrics: settings.metrics === 'otlp' };
  if (endpoint === undefined || disabled || !(wanted.traces || wanted.metrics)) return noTelemetry;
  const { createOpenTelemetry } = await import('#adapters/opentelemetry/open-telemetry.js');
  const { brokerName, logger } = options;
  const telemetry = createOpenTelemetry({
    ...options,
    ...wanted,
    endpoint,
    metricsEveryMs: settings.metricsEveryMs,
    serviceName: settings.serviceName,
    usualServiceName,
    version: productVersion,
    system: () => messagingSystemOf(brokerName()),
  });
  logger.info({ endpoint, ...wanted }, 'telemetry is sent to a collector');
  return telemetry;
}

/** What measurements of a gateway may name: its own replies, and the queues of its routes as these have them. */
export function boundedQueues({ prefix, routes }: Configuration): (queue: string) => string | undefined {
  const { replies } = ownDestinations(prefix);
  const { templateOf } = createRouteLabels(routes, createRouteTable(routes));
  return (queue) => (queue === replies.name ? queue : templateOf(queue));
}

const systems: Readonly<Record<string, string>> = {
  classic: 'activemq',
  artemis: 'activemq',
  rabbitmq: 'rabbitmq',
  embedded: 'replyto',
};

/** As the conventions call brokers; those that they do not know have names of their own. */
export function messagingSystemOf(brokerName: string | undefined): string | undefined {
  return brokerName === undefined ? undefined : systems[brokerName];
}
