/**
 * One histogram for each stage of a request; every label is known before anybody calls. They are counted here, because
 * those of prom-client check and join their labels at every measurement, which costs several times as much.
 */
import type { Metric, MetricValueWithName, Registry } from 'prom-client';
import type { Meter } from '#core/ports/meter.js';
import type { Stage } from '#core/stages.js';
import { stages } from '#core/stages.js';

export function stageName(stage: string): string {
  return `replyto_${stage}_seconds`;
}

/** Of what this process and the broker do. */
const quickBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Of what waits for a service or for a broker that is away: milliseconds or days. */
export const patientBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400,
];

const patient: ReadonlySet<string> = new Set(['service', 'forward'] satisfies Stage[]);

/** What was measured under one pair of labels. */
interface Series {
  /** One for each bucket alone, and one for what is beyond the last. */
  readonly counts: number[];
  count: number;
  sum: number;
}

/** As much of a metric as the registry of prom-client asks of one. */
interface StageHistogram {
  readonly name: string;
  observe(route: string, outcome: string, seconds: number): void;
  get(): Promise<object>;
}

function createStageHistogram(stage: string, help: string, buckets: readonly number[]): StageHistogram {
  const name = stageName(stage);
  /** By outcome and route. */
  const outcomes = new Map<string, Map<string, Series>>();

  function seriesOf(route: string, outcome: string): Series {
    let routes = outcomes.get(outcome);
    if (routes === undefined) outcomes.set(outcome, (routes = new Map<string, Series>()));
    let series = routes.get(route);
    if (series === undefined) {
      series = { counts: [...buckets, Infinity].map(() => 0), count: 0, sum: 0 };
      routes.set(route, series);
    }
    return series;
  }

  function valuesOf(
    labels: Readonly<Record<string, string>>,
    { counts, count, sum }: Series,
  ): MetricValueWithName<string>[] {
    let upTo = 0;
    const below = [...buckets, '+Inf'].map((le, index) => {
      upTo += counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: upTo };
    });
    return [
      ...below,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }

  return {
    name,
    observe(route, outcome, seconds) {
      const series = seriesOf(route, outcome);
      let place = 0;
      while (place < buckets.length && seconds > (buckets[place] ?? 0)) place += 1;
      series.counts[place] = (series.counts[place] ?? 0) + 1;
      series.count += 1;
      series.sum += seconds;
    },
    get() {
      const values = [...outcomes].flatMap(([outcome, routes]) =>
        [...routes].flatMap(([route, series]) => valuesOf({ route, outcome }, series)),
      );
      return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
    },
  };
}

/** `routeOf` gives the label of a queue, see route-labels.ts. */
export function createStageHistograms(
  registry: Registry,
  routeOf: (queue: string | null) => string,
): Meter['took'] {
  const histograms = new Map<string, StageHistogram>();
  for (const [stage, { help }] of Object.entries(stages)) {
    const buckets = patient.has(stage) ? patientBuckets : quickBuckets;
    const histogram = createStageHistogram(stage, help, buckets);
    histograms.set(stage, histogram);
    registry.registerMetric(histogram as unknown as Metric);
  }
  return (stage, outcome, queue, ms) => {
    // Clocks that are set back must not take time away from a sum.
    histograms.get(stage)?.observe(routeOf(queue), outcome, Math.max(0, ms) / 1_000);
  };
}
