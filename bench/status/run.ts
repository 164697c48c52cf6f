/** The whole benchmark: every variant at every number of clients, repeated, and those who were away. */
import { createFailures } from '../tools/failures.js';
import { nowUs } from '../tools/clock.js';
import type { Machine } from '../tools/machine.js';
import { append, shuffle } from '../tools/order.js';
import { measureAway } from './away.js';
import { measureCpu } from './cpu-times.js';
import { findLeftOut, isLeftOut } from './left-out.js';
import { measure } from './measurement.js';
import { leadMsOf } from './plan.js';
import type { Plan } from './plan.js';
import { format } from './results.js';
import type { AwayRun, CpuTimes, MeasuredRun, Results } from './results.js';
import { createSchedule, phaseSeed } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';
import type { System } from './system.js';
import type { Variant } from './variants.js';

export interface RunOptions {
  readonly plan: Plan;
  readonly seed: number;
  /** As it was before the parts were started. */
  readonly machine: Machine;
  readonly say: (line: string) => void;
  /** Gets what there is after each pass. */
  readonly keep: (results: Results) => void;
  /** Nothing new is measured after it. */
  readonly signal: AbortSignal;
}

/** So that the first variants are not those that pay for cold code, of the broker above all. */
const warmUp = { clients: 50, windowMs: 4_000, steps: 8 };
const warmUpVariants: ReadonlySet<string> = new Set(['topic', 'sse', 'long-poll', 'poll-100ms-etag']);

/** @throws Error when a part has ended without which nothing can be measured */
export async function runBenchmark(system: System, options: RunOptions): Promise<Results> {
  const { plan, seed, machine, say, keep, signal } = options;
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const leftOut = findLeftOut(plan, system);
  const measured = plan.variants.filter(
    (variant) => variant.awayOnly !== true && !isLeftOut(leftOut, variant, null),
  );
  const away = plan.variants.filter(
    (variant) => variant.reading.by !== 'nothing' && !isLeftOut(leftOut, variant, null),
  );
  const runs = new Map<string, MeasuredRun[]>();
  const awayRuns = new Map<string, AwayRun[]>();
  const { list: failed, unlessItFails } = createFailures({ signal, say, ended: () => system.ended() });
  const idle: CpuTimes[] = [];
  let passes = 0;

  async function measureVariant(
    variant: Variant,
    instants: ScheduleOptions,
    { windowMs, steps }: Pick<Plan, 'windowMs' | 'steps'> = plan,
  ): Promise<MeasuredRun> {
    const schedule = createSchedule(instants, { windowMs, steps, leadMs: leadMsOf(variant) });
    const { run } = await measure(system, {
      ...{ variant, schedule, away: null, seed: phaseSeed(instants), windowMs },
      giveUpMs: plan.giveUpMs,
    });
    return run;
  }

  async function measureIdle(what: string): Promise<void> {
    await unlessItFails(what, async () => {
      const { windowMs } = plan;
      idle.push(await measureCpu(system, { to: 'gateway' }, { startsAt: nowUs(), windowMs }));
      say(what);
    });
  }

  async function measureAllAway(repeat: number): Promise<void> {
    const instants = { seed, repeat, clients: plan.away.clients };
    // They cost next to nothing, and together they take no longer than one.
    await Promise.all(
      away.map((variant) =>
        unlessItFails(`away, ${variant.title}`, async () =>
          append(awayRuns, variant.id, await measureAway(system, variant, { plan: plan.away, instants })),
        ),
      ),
    );
  }

  const toResults = (): Results => ({
    ...{ format, size: plan.size, planned: plan.variants.map(({ id }) => id), clients: plan.clients },
    ...{ repeats: plan.repeats, passes, seed, startedAt, machine },
    tookMs: Math.round(performance.now() - startedMs),
    ...{ parts: system.parts, missing: system.missing, leftOut, failed: [...failed] },
    ...{ windowMs: plan.windowMs, steps: plan.steps, awayMs: plan.away.awayMs, idle },
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
  });

  async function measureAll(): Promise<void> {
    if (plan.size !== 'smoke') {
      for (const variant of measured.filter(({ id }) => warmUpVariants.has(id))) {
        await unlessItFails(`warm-up, ${variant.title}`, async () => {
          await measureVariant(variant, { seed, repeat: 0, clients: warmUp.clients }, warmUp);
        });
      }
    }
    for (let repeat = 1; repeat <= plan.repeats; repeat += 1) {
      const pass = `${repeat}/${plan.repeats}`;
      await measureIdle(`${pass}, nobody does anything`);
      for (const clients of plan.clients) {
        // Another order each time: what is slow for a while shall not be slow for the same ones.
        for (const variant of shuffle(measured, seed + repeat * clients)) {
          if (isLeftOut(leftOut, variant, clients)) continue;
          const what = `${pass}, ${clients} clients, ${variant.title}`;
          await unlessItFails(what, async () => {
            const run = await measureVariant(variant, { seed, repeat, clients });
            append(runs, keyOf(variant, clients), run);
            say(`${what}: ${inShort(run)}`);
          });
        }
      }
      await measureAllAway(repeat);
      say(`${pass}, clients that were away for ${plan.away.awayMs / 1_000} s`);
      passes = repeat;
      keep(toResults());
    }
  }

  for (const { why } of leftOut) say(why);
  try {
    await measureAll();
  } catch (error) {
    keep(toResults());
    throw error;
  }
  return toResults();
}

function keyOf({ id }: Variant, clients: number): string {
  return `${id} ${clients}`;
}

function inShort({ events, known, questions, failures }: MeasuredRun): string {
  const troubles = Object.entries(failures).map(([reason, count]) => `${count}x ${reason}`);
  return [`${known} of ${events} events`, `${questions} questions`, ...troubles].join(', ');
}
