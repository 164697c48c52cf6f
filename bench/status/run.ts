/** The whole benchmark: every variant at every number of clients, repeated, and those who were away. */
import { createRandom } from '../../test/fuzz/random.js';
import { describeMachine } from './machine.js';
import { measure } from './measurement.js';
import { wordsOf } from './clients/client.js';
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
  /** Ends it before its time: it rejects with the reason. */
  readonly signal: AbortSignal;
}

const giveUpMs = 15_000;
/** So that the first variants are not those that pay for cold code, of the broker above all. */
const warmUp = { clients: 50, windowMs: 4_000, steps: 8 };
const warmUpVariants: ReadonlySet<string> = new Set(['topic', 'sse', 'long-poll', 'poll-100ms-etag']);

export async function runBenchmark(
  system: System,
  { plan, seed, say, signal }: RunOptions,
): Promise<Results> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const machine = describeMachine();
  const possible = plan.variants.filter(
    ({ publishing }) => publishing.to !== 'database' || system.database !== null,
  );
  const measured = possible.filter(({ awayOnly }) => awayOnly !== true);
  const away = possible.filter(({ reading }) => reading.by !== 'nothing');
  const runs = new Map<string, MeasuredRun[]>();
  const awayRuns = new Map<string, AwayRun[]>();
  const failed: string[] = [];
  let index = 0;

  async function unlessItFails(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      // What fails now fails because its system is going.
      signal.throwIfAborted();
      failed.push(`${what}: ${wordsOf(error)}`);
      say(`failed: ${failed.at(-1)}`);
    }
  }

  async function measureVariant(
    variant: Variant,
    clients: number,
    size: Pick<Plan, 'windowMs' | 'steps'> = plan,
  ): Promise<MeasuredRun> {
    index += 1;
    const schedule = createSchedule({ seed, index, clients }, size);
    const { run } = await measure(system, {
      ...{ variant, schedule, away: null, giveUpMs, seed: seed + index, windowMs: size.windowMs },
    });
    return run;
  }

  async function measureAllAway(): Promise<void> {
    index += 1;
    const schedule = createAwaySchedule({ seed, index, clients: plan.away.clients }, plan.away);
    // They cost next to nothing, and together they take no longer than one.
    await Promise.all(
      away.map((variant) =>
        unlessItFails(`away, ${variant.title}`, async () => {
          append(
            awayRuns,
            variant.id,
            await measureAway(system, variant, { plan: plan.away, schedule, seed }),
          );
        }),
      ),
    );
  }

  if (plan.size !== 'smoke') {
    for (const variant of measured.filter(({ id }) => warmUpVariants.has(id))) {
      await unlessItFails(`warm-up, ${variant.title}`, async () => {
        await measureVariant(variant, warmUp.clients, warmUp);
      });
    }
  }
  for (let repeat = 1; repeat <= plan.repeats; repeat += 1) {
    for (const clients of plan.clients) {
      // Another order each time: what is slow for a while shall not be slow for the same ones.
      for (const variant of shuffle(measured, seed + repeat * clients)) {
        const what = `${repeat}/${plan.repeats}, ${clients} clients, ${variant.title}`;
        await unlessItFails(what, async () => {
          const run = await measureVariant(variant, clients);
          append(runs, keyOf(variant, clients), run);
          say(`${what}: ${inShort(run)}`);
        });
      }
    }
    await measureAllAway();
    say(`${repeat}/${plan.repeats}, clients that were away for ${plan.away.awayMs / 1_000} s`);
  }

  return {
    format: 1,
    ...{ size: plan.size, seed, startedAt, machine },
    tookMs: Math.round(performance.now() - startedMs),
    ...{ parts: system.parts, missing: system.missing, failed },
    ...{ windowMs: plan.windowMs, steps: plan.steps, awayMs: plan.away.awayMs },
    databaseConnections: system.database?.place.connections ?? 0,
    selectors: system.selectors,
    measured: measured.flatMap((variant) =>
      plan.clients.flatMap((clients) => {
        const found = runs.get(keyOf(variant, clients));
        return found === undefined ? [] : [{ variant: variant.id, clients, runs: found }];
      }),
    ),
    away: away.flatMap(({ id }) => {
      const found = awayRuns.get(id);
      return found === undefined ? [] : [{ variant: id, runs: found }];
    }),
  };
}

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
