/** One histogram for each stage of a request; every label is known before anybody calls. */
import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
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

/** `routeOf` gives the label of a queue, see route-labels.ts. */
export function createStageHistograms(
  registry: Registry,
  routeOf: (queue: string | null) => string,
): Meter['took'] {
  const histograms = new Map<string, Histogram>(
    Object.entries(stages).map(([stage, { help }]) => [
      stage,
      new Histogram({
        name: stageName(stage),
        help,
        labelNames: ['route', 'outcome'],
        buckets: patient.has(stage) ? patientBuckets : quickBuckets,
        registers: [registry],
      }),
    ]),
  );
  return (stage, outcome, queue, ms) => {
    // Clocks that are set back must not take time away from a sum.
    histograms.get(stage)?.observe({ route: routeOf(queue), outcome }, Math.max(0, ms) / 1_000);
  };
}
