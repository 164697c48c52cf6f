import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Meter } from '#core/ports/meter.js';
import { countedEvents } from '#core/ports/meter.js';
import { otherRoute } from './route-labels.js';
import { createStageHistograms, patientBuckets } from './stage-histograms.js';

/** What is measured when /metrics is asked for; the names become `replyto_<name>`. */
export const gauges = {
  requests_pending: 'requests without an end',
  requests_unsent: 'requests not sent yet',
  waits: 'callers and streams waiting for changes',
  event_streams: 'event streams that are open',
  status_subscriptions: 'who follows a project here: event streams, WebSockets, long polls',
  queues_read: 'queues that are being read over HTTP',
  sends_in_flight: 'messages under way to the broker',
  queues_held: 'queues that take no messages at present',
  broker_up: '1 while a sending connection is up',
  subscriptions_up: 'subscriptions that are up',
  store_transactions: 'transactions committed since the start',
  embedded_connections: 'connections to the embedded broker; absent with another one',
} as const;

/** How each is read; without a reader there is no such gauge. */
export type GaugeReaders = Readonly<Partial<Record<keyof typeof gauges, () => number>>>;

export const replySecondsHelp = 'from accepting a request to its reply, as a histogram';

export function counterName(event: string): string {
  return `replyto_${event.replaceAll('-', '_')}_total`;
}

export interface Metrics extends Meter {
  addGauges(readers: GaugeReaders): void;
  /** The Prometheus text format. */
  read(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * Counters of what happened, gauges of what is and how long each stage took, for Prometheus. No label carries an id.
 *
 * @param routeOf - label of the route of a queue, see route-labels.ts; default: one for all
 */
export function createMetrics(routeOf: (queue: string | null) => string = () => otherRoute): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'replyto_' });
  const counters = new Map<string, Counter>(
    Object.entries(countedEvents).map(([event, help]) => [
      event,
      new Counter({
        name: counterName(event),
        help,
        registers: [registry],
      }),
    ]),
  );
  const replySeconds = new Histogram({
    name: 'replyto_reply_seconds',
    help: replySecondsHelp,
    buckets: patientBuckets,
    registers: [registry],
  });
  return {
    count: (event, amount = 1) => counters.get(event)?.inc(amount),
    replied: (afterMs) => replySeconds.observe(afterMs / 1_000),
    took: createStageHistograms(registry, routeOf),
    addGauges(readers) {
      for (const [name, read] of Object.entries(readers)) {
        new Gauge({
          name: `replyto_${name}`,
          help: gauges[name as keyof typeof gauges],
          registers: [registry],
          collect() {
            this.set(read());
          },
        });
      }
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
