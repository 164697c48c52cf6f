/** Results of the status benchmark that nobody measured: three numbers of clients, three repeats, every variant. */
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { createDelays } from '../../bench/tools/delays.js';
import type { AwayRun, CpuTimes, MeasuredRun, Results } from '../../bench/status/results.js';
import { intervalOf, variants } from '../../bench/status/variants.js';
import type { Variant } from '../../bench/status/variants.js';

const windowMs = 10_000;
const steps = 3;
const repeats = 3;
const sizes = [10, 100, 1_000];

interface InventedRun {
  readonly variant: Variant;
  readonly clients: number;
  /** From 0. */
  readonly repeat: number;
}

/** What is otherwise in the run of that variant, number of clients and repeat; nothing by default. */
export type Deviation = (run: InventedRun) => Partial<MeasuredRun>;

/** Everything went as it should, but for the deviations. */
export function inventResults(deviate: Deviation = () => ({}), changes: Partial<Results> = {}): Results {
  return {
    format: 2,
    size: 'full',
    planned: variants.map(({ id }) => id),
    clients: sizes,
    ...{ repeats, passes: repeats, seed: 1, startedAt: '2026-01-02T03:04:05.000Z', tookMs: 3_000_000 },
    machine: { processor: 'abacus', cores: 2, memoryGib: 8, system: 'Linux 6', load: 0.1 },
    parts: { replyto: '0.1.0', database: 'PostgreSQL 15' },
    ...{ missing: [], leftOut: [], failed: [], windowMs, steps, awayMs: 10_000 },
    idle: Array.from({ length: repeats }, () => cpuOf(0.2, 0.1)),
    ...{ databaseConnections: 50, selectors: true },
    measured: variants
      .filter(({ awayOnly }) => awayOnly !== true)
      .flatMap((variant) =>
        sizes.map((clients) => ({
          ...{ variant: variant.id, clients },
          runs: Array.from({ length: repeats }, (_, repeat) => {
            const run = { variant, clients, repeat };
            return { ...inventRun(run), ...deviate(run) };
          }),
        })),
      ),
    away: variants
      .filter(({ reading }) => reading.by !== 'nothing')
      .map(({ id }) => ({
        variant: id,
        runs: Array.from({ length: repeats }, (): AwayRun => ({
          clients: 5,
          events: 25,
          missed: 0,
          caughtUpMs: 12,
        })),
      })),
    ...changes,
  };
}

/** So many delays of the same length each. */
export function delaysOf(count: number, ms: number): string {
  const delays = createDelays();
  for (let index = 0; index < count; index += 1) delays.recordValue(ms * 1_000);
  return encodeIntoCompressedBase64(delays);
}

function inventRun({ variant, clients, repeat }: InventedRun): MeasuredRun {
  const events = clients * steps;
  const intervalMs = intervalOf(variant);
  const reads = variant.reading.by !== 'nothing';
  const known = reads ? events : 0;
  const questions = intervalMs === 0 ? 0 : (clients * windowMs) / intervalMs;
  const usesGateway = variant.publishing.to === 'gateway';
  return {
    delays: delaysOf(events, intervalMs === 0 ? 5 + repeat : intervalMs / 2),
    ...{ events, known, seen: known, repeated: 0, failures: {} },
    ...{ questions, wasted: Math.max(0, questions - events) },
    ...{ bytesReceived: events * 200, bytesSent: events * 100 },
    cpu: {
      ...cpuOf(usesGateway ? 0.2 + events / 1_000 : null, usesGateway ? 0.1 + events / 2_000 : null),
      database: variant.publishing.to === 'database' ? events / 1_000 : null,
    },
    publisherLate: { p50: 500, p99: 2_000, max: 3_000 },
  };
}

function cpuOf(gateway: number | null, broker: number | null): CpuTimes {
  return { gateway, broker, database: null, clients: 0.5, publisher: 0.25 };
}
