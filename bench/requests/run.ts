/** The whole benchmark: every way with every load, repeated in turns, then memory, and a profile of what missed its aim. */
import { createFailures } from '../tools/failures.js';
import { isAborted } from '../tools/clock.js';
import type { Machine } from '../tools/machine.js';
import { append, shuffle } from '../tools/order.js';
import { decodeDelays } from './load/decode.js';
import { measure } from './measurement.js';
import { watchMemory } from './memory.js';
import type { Plan } from './plan.js';
import { middleOf, mostOf, rateShare } from './plan.js';
import { profileMissed } from './profile/missed.js';
import { format } from './results.js';
import type { LeftOut, MeasuredRun, MemoryRun, ProfileResult, Results } from './results.js';
import type { RunningWay } from './running-way.js';
import { startWay } from './running-way.js';
import { NotMeasurable } from './starting.js';
import type { System } from './system.js';
import type { Kind, Way } from './ways.js';
import { widthText } from './ways.js';

export interface RunOptions {
  readonly plan: Plan;
  readonly seed: number;
  /** As it was before the parts were started. */
  readonly machine: Machine;
  readonly say: (line: string) => void;
  /** Gets what there is after each pass. */
  readonly keep: (results: Results) => void;
  /** Nothing new is measured after it; what runs is ended. */
  readonly signal: AbortSignal;
}

/** In the order in which they are to be run. */
interface Step {
  readonly width: number;
  readonly rate: number | null;
}

/** @throws Error when a part has ended without which nothing can be measured */
export async function runBenchmark(system: System, options: RunOptions): Promise<Results> {
  const { plan, seed, machine, say, keep, signal } = options;
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const leftOut: LeftOut[] = [];
  const { list: failed, unlessItFails } = createFailures({ signal, say, ended: () => system.ended() });
  const runs = new Map<string, MeasuredRun[]>();
  const rates: Record<Kind, number | null> = { http: null, library: null, ...plan.rates };
  const profiles: ProfileResult[] = [];
  let memory: MemoryRun | null = null;
  let passes = 0;

  const isLeftOut = ({ id }: Way): boolean => leftOut.some(({ way }) => way === id);

  /** Runs the way for as long as it is used, and ends it whatever happens. */
  async function withWay(what: string, way: Way, use: (running: RunningWay) => Promise<void>): Promise<void> {
    await unlessItFails(what, async () => {
      const running = await startWay(system, way, { signal }).catch((error: unknown) => {
        if (!(error instanceof NotMeasurable)) throw error;
        leftOut.push({ way: way.id, why: error.message });
        say(error.message);
        return null;
      });
      if (running === null) return;
      const throwIfEnded = (cause?: unknown): void => {
        const ended = running.ended();
        if (ended !== null) throw new Error(`${ended} has ended`, { cause });
      };
      try {
        await use(running);
        throwIfEnded();
      } catch (error) {
        // Whatever else went wrong went wrong because of that.
        throwIfEnded(error);
        throw error;
      } finally {
        await running.stop();
      }
    });
  }

  async function warmUp(running: RunningWay): Promise<void> {
    if (plan.firstWarmUpMs === 0) return;
    const width = middleOf(plan.widths[running.way.kind]);
    await measure(running, { width, rate: null, warmUpMs: 0, windowMs: plan.firstWarmUpMs, signal });
  }

  const load = (running: RunningWay, { width, rate }: Step): Promise<MeasuredRun> =>
    measure(running, { width, rate, warmUpMs: plan.warmUpMs, windowMs: plan.windowMs, signal });

  /** The pass that finds the rate also warms up what all ways share. */
  async function findRates(): Promise<void> {
    const found: Record<Kind, number[]> = { http: [], library: [] };
    for (const way of shuffle(plan.ways, seed)) {
      await withWay(`first pass, ${way.title}`, way, async (running) => {
        await warmUp(running);
        const { replied } = await load(running, { width: middleOf(plan.widths[way.kind]), rate: null });
        const perSecond = (replied * 1_000) / plan.windowMs;
        if (perSecond > 0) found[way.kind].push(perSecond);
        say(`first pass, ${way.title}: ${Math.round(perSecond)} requests per second`);
      });
    }
    for (const kind of ['http', 'library'] as const) {
      const least = Math.min(...found[kind]);
      rates[kind] = Number.isFinite(least) ? Math.max(1, Math.round(least * rateShare)) : null;
    }
    say(
      `fixed rates: ${rates.http ?? 'no'} requests per second over HTTP, ${rates.library ?? 'no'} of the library`,
    );
  }

  function stepsOf({ kind }: Way): Step[] {
    const widths = plan.widths[kind];
    const rate = rates[kind];
    const steps: Step[] = widths.map((width) => ({ width, rate: null }));
    return rate === null ? steps : [...steps, { width: mostOf(widths), rate }];
  }

  async function measureWay(pass: string, way: Way): Promise<void> {
    await withWay(`${pass}, ${way.title}`, way, async (running) => {
      await warmUp(running);
      for (const step of stepsOf(way)) {
        if (isAborted(signal)) return;
        const run = await load(running, step);
        append(runs, keyOf(way, step), run);
        say(`${pass}, ${way.title}, ${stepText(way, step)}: ${inShort(run, plan.windowMs)}`);
      }
    });
  }

  const toResults = (): Results => ({
    ...{ format, size: plan.size, planned: plan.ways.map(({ id }) => id), widths: plan.widths },
    ...{ repeats: plan.repeats, passes, seed, startedAt, machine },
    tookMs: Math.round(performance.now() - startedMs),
    ...{ parts: system.parts, missing: system.missing, leftOut: [...leftOut], failed: [...failed] },
    ...{ windowMs: plan.windowMs, rates: { ...rates }, memory, profiles: [...profiles] },
    measured: plan.ways.flatMap((way) =>
      stepsOf(way).flatMap((step) => {
        const found = runs.get(keyOf(way, step));
        return found === undefined ? [] : [{ way: way.id, ...step, runs: found }];
      }),
    ),
  });

  async function measureAll(): Promise<void> {
    if (plan.rates === null && plan.repeats > 0) await findRates();
    for (let repeat = 1; repeat <= plan.repeats; repeat += 1) {
      // Another order each time: what is slow for a while shall not be slow for the same ones.
      for (const way of shuffle(plan.ways, seed + repeat)) {
        if (!isLeftOut(way)) await measureWay(`${repeat}/${plan.repeats}`, way);
      }
      passes = repeat;
      keep(toResults());
    }
    if (plan.minutes > 0) {
      await unlessItFails('memory', async () => {
        memory = await watchMemory(system, { ...plan, signal, say });
        keep(toResults());
      });
    }
    if (plan.size !== 'smoke') {
      await unlessItFails('profiles of missed aims', async () => {
        profiles.push(...(await profileMissed(system, toResults(), { plan, signal, say })));
      });
    }
  }

  try {
    await measureAll();
  } catch (error) {
    keep(toResults());
    throw error;
  }
  return toResults();
}

function keyOf({ id }: Way, { width, rate }: Step): string {
  return `${id} ${width} ${rate ?? ''}`;
}

function stepText({ kind }: Way, { width, rate }: Step): string {
  return rate === null ? widthText(kind, width) : `${rate} per second`;
}

function inShort({ replied, delays, failures }: MeasuredRun, windowMs: number): string {
  const { p50, p99 } = decodeDelays(delays);
  const troubles = Object.entries(failures).map(([words, count]) => `${count}x ${words}`);
  const rate = Math.round((replied * 1_000) / windowMs);
  return [
    `${rate} replies per second`,
    `p50 ${p50.toFixed(1)} ms`,
    `p99 ${p99.toFixed(1)} ms`,
    ...troubles,
  ].join(', ');
}
