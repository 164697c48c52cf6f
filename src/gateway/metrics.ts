import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Meter } from '#core/ports/meter.js';
import { countedEvents } from '#core/ports/meter.js';

/** A value that is read when /metrics is asked for. */
export interface GaugeSource {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

export interface Metrics extends Meter {
  addGauges(gauges: readonly GaugeSource[]): void;
  /** The Prometheus text format. */
  read(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Replies come in milliseconds or in days. */
const replyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400];

/** Counters of what happened and gauges of what is, for Prometheus. No label carries an id. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'replyto_' });
  const counters = new Map(
    countedEvents.map((event) => [
      event,
      new Counter({
        name: `replyto_${event.replaceAll('-', '_')}_total`,
        help: `${event.replaceAll('-', ' ')} since the start`,
        registers: [registry],
      }),
    ]),
  );
  const replySeconds = new Histogram({
    name: 'replyto_reply_seconds',
    help: 'from accepting a request to its reply',
    buckets: replyBuckets,
    registers: [registry],
  });
  return {
    count: (event, amount = 1) => counters.get(event)?.inc(amount),
    replied: (afterMs) => replySeconds.observe(afterMs / 1_000),
    addGauges(gauges) {
      for (const { name, help, read } of gauges) {
        new Gauge({
          name: `replyto_${name}`,
          help,
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
