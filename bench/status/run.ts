/** The whole benchmark: every variant at every number of clients, repeated, and those who were away. */
import { createRandom } from '../../test/fuzz/random.js';
import { describeMachine } from './machine.js';
import { measure } from './measurement.js';
import type { Measured } from './measurement.js';
import type { AwayPlan, Plan } from './plan.js';
import type { AwayRun, MeasuredRun, Results } from './results.js';
import { createAwaySchedule, createSchedule } from './schedule.js';
import type { System } from './system.js';
import type { Variant } from './variants.js';
import { intervalOf } from './variants.js';

export interface RunOptions {
  readonly plan: Plan;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const giveUpMs = 15_000;
/** So that the first variant is not the one that pays for cold code. */
const warmUp = { clients: 20, windowMs: 2_000, steps: 10 };
const warmUpVariants: ReadonlySet<string> = new Set(['sse-request', 'long-poll', 'poll-100ms-etag']);

export async function runBenchmark(system: System, { plan, seed, say }: RunOptions): Promise<Results> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const possible = plan.variants.filter(
    ({ publishing }) => publishing.to !== 'database' || system.database !== null,
  );
  const measured = possible.filter(({ awayOnly }) => awayOnly !== true);
  const away = possible.filter(({ reading }) => reading.by !== 'nothing');
  const runs = new Map<string, MeasuredRun[]>();
  const awayRuns = new Map<string, AwayRun[]>();
  let index = 0;

  async function measureVariant(
    variant: Variant,
    clients: number,
    size = plan as SizeOfOne,
  ): Promise<Measured> {
    index += 1;
    const schedule = createSchedule({ seed, index, clients }, size);
    return measure(system, {
      ...{ variant, schedule, away: null, giveUpMs, seed: seed + index, windowMs: size.windowMs },
    });
  }

  if (plan.size !== 'smoke') {
    for (const variant of measured.filter(({ id }) => warmUpVariants.has(id))) {
      await measureVariant(variant, warmUp.clients, warmUp);
    }
  }
  for (let repeat = 1; repeat <= plan.repeats; repeat += 1) {
    for (const clients of plan.clients) {
      // Another order in each repeat: what is slow for a while shall not be slow for the same ones.
      for (const variant of shuffle(measured, seed + repeat)) {
        const { run } = await measureVariant(variant, clients);
        append(runs, keyOf(variant, clients), run);
        say(`${repeat}/${plan.repeats}  ${clients} clients  ${variant.title}: ${inShort(run)}`);
      }
    }
    index += 1;
    const schedule = createAwaySchedule({ seed, index, clients: plan.away.clients }, plan.away);
    // They cost next to nothing, and together they take no longer than one.
    const outcomes = await Promise.all(
      away.map(async (variant) => ({
        variant,
        outcome: await measureAway(system, variant, { plan: plan.away, schedule, seed }),
      })),
    );
    for (const { variant, outcome } of outcomes) append(awayRuns, variant.id, outcome);
    say(`${repeat}/${plan.repeats}  clients that were away for ${plan.away.awayMs / 1_000} s`);
  }

  return {
    format: 1,
    ...{ size: plan.size, seed, startedAt, machine: describeMachine() },
    tookMs: Math.round(performance.now() - startedMs),
    ...{ parts: system.parts, missing: system.missing, windowMs: plan.windowMs, steps: plan.steps },
    awayMs: plan.away.awayMs,
    databaseConnections: system.database?.place.connections ?? 0,
    selectors: system.selectors,
    measured: measured.flatMap((variant) =>
      plan.clients.map((clients) => ({
        ...{ variant: variant.id, clients, runs: runs.get(keyOf(variant, clients)) ?? [] },
      })),
    ),
    away: away.map(({ id }) => ({ variant: id, runs: awayRuns.get(id) ?? [] })),
  };
}

type SizeOfOne = Pick<Plan, 'windowMs' | 'steps'>;

function keyOf({ id }: Variant, clients: number): string {
  return `${id} ${clients}`;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function shuffle<T>(items: readonly T[], seed: number): T[] {
  const random = createRandom(seed, 0);
  return items
    .map((item) => ({ item, at: random.below(2 ** 30) }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

async function measureAway(
  system: System,
  variant: Variant,
  { plan, schedule, seed }: { plan: AwayPlan; schedule: ReturnType<typeof createAwaySchedule>; seed: number },
): Promise<AwayRun> {
  const { leaveAtMs, awayMs, quietMs, stepsBefore, stepsAway } = plan;
  const backAtMs = leaveAtMs + awayMs;
  const { knownAt, seenSteps } = await measure(system, {
    ...{ variant, schedule, seed, windowMs: backAtMs + quietMs, away: { leaveAtMs, backAtMs } },
    giveUpMs: Math.max(1_000, 2 * intervalOf(variant)),
  });
  const whileAway = seenSteps.flatMap((steps) => steps.slice(stepsBefore, stepsBefore + stepsAway));
  const nextAt = (backAtMs + quietMs) * 1_000;
  const knowing = knownAt.map((steps) => steps[stepsBefore + stepsAway - 1] ?? Infinity);
  const last = Math.max(...knowing);
  return {
    clients: plan.clients,
    events: whileAway.length,
    missed: whileAway.filter((isSeen) => !isSeen).length,
    caughtUpMs: last < nextAt ? Math.max(0, Math.round(last / 1_000 - backAtMs)) : null,
  };
}

function inShort({ events, known, questions, failures }: MeasuredRun): string {
  const troubles = Object.entries(failures).map(([reason, count]) => `${count}x ${reason}`);
  return [`${known} of ${events} events`, `${questions} questions`, ...troubles].join(', ');
}
