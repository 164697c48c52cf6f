/** Results of the benchmark of requests that nobody measured: every way with every load, three turns. */
import { createPlan } from '../../bench/requests/plan.js';
import type { MeasuredRun, Results } from '../../bench/requests/results.js';
import type { Way } from '../../bench/requests/ways.js';
import { delaysOf } from './invented-results.js';

const windowMs = 8_000;
const repeats = 3;

interface InventedRun {
  readonly way: Way;
  readonly width: number;
  readonly rate: number | null;
  /** From 0. */
  readonly repeat: number;
}

/** What is otherwise in that run; nothing by default. */
export type Deviation = (run: InventedRun) => Partial<MeasuredRun>;

/** Every way is as good as every other: half a second of CPU time per second of each part, 100 MB. */
export function inventRequestResults(
  deviate: Deviation = () => ({}),
  changes: Partial<Results> = {},
): Results {
  const { ways, widths } = createPlan('full', { only: [] });
  const rates = { http: 500, library: 700 };
  const cell = (way: Way, width: number, rate: number | null): Results['measured'][number] => ({
    ...{ way: way.id, width, rate },
    runs: Array.from({ length: repeats }, (_, repeat) => {
      const run = { way, width, rate, repeat };
      return { ...inventRun(run), ...deviate(run) };
    }),
  });
  return {
    ...{ format: 1, size: 'full', planned: ways.map(({ id }) => id), widths, repeats, passes: repeats },
    ...{ seed: 1, startedAt: '2026-01-02T03:04:05.000Z', tookMs: 2_000_000 },
    machine: { processor: 'abacus', cores: 2, memoryGib: 8, system: 'Linux 6', load: 0.1 },
    parts: { replyto: '0.1.0', database: 'PostgreSQL 15' },
    ...{ missing: [], leftOut: [], failed: [], windowMs, rates },
    measured: ways.flatMap((way) => [
      ...widths[way.kind].map((width) => cell(way, width, null)),
      cell(way, Math.max(...widths[way.kind]), rates[way.kind]),
    ]),
    memory: {
      ...{ way: 'classic-sqlite', width: 200, minutes: 10, everyMs: 1_000, replied: 600_000, failures: {} },
      samples: Array.from({ length: 600 }, (_, index) => 100_000_000 + index * 1_000),
    },
    profiles: [],
    ...changes,
  };
}

function inventRun({ way, width, rate, repeat }: InventedRun): MeasuredRun {
  const replied = rate === null ? 8_000 + repeat * 80 : (rate * windowMs) / 1_000;
  const hasService = way.broker !== null;
  const parts = { subject: 4, broker: 4, database: null, service: 4, callers: 4 };
  return {
    ...{ asked: replied, replied, failures: {}, delays: delaysOf(100, width === 1 ? 2 : 20 + repeat) },
    stages: hasService ? { toService: delaysOf(100, 8), back: delaysOf(100, 12) } : null,
    late: rate === null ? null : { p50: 400, p99: 1_200 },
    cpu: parts,
    machineCpu: 16.4,
    memory: { ...parts, subject: 100_000_000, broker: 400_000_000 },
    gateway:
      way.subject.is === 'gateway'
        ? {
            ...{ transactionsPerRequest: 0.5, gcSeconds: 0.2, acceptedToReplyMs: 15 },
            ...{ sampled: 300, acceptedToSentMs: 6, sentToRepliedMs: 9 },
          }
        : null,
  };
}
