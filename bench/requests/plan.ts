/** How much is measured: the three sizes, and how long each takes. */
import type { Kind, Way } from './ways.js';
import { ways } from './ways.js';

export type Size = 'smoke' | 'quick' | 'full';

export interface Plan {
  readonly size: Size;
  readonly ways: readonly Way[];
  /** Connections, and requests in flight. */
  readonly widths: Readonly<Record<Kind, readonly number[]>>;
  readonly repeats: number;
  /** Before the first load of a way that was just started: its code is cold. */
  readonly firstWarmUpMs: number;
  /** Before each load. */
  readonly warmUpMs: number;
  /** How long is counted. */
  readonly windowMs: number;
  /** Fixed rates; null: from a pass before the others, see {@link rateShare}. */
  readonly rates: Readonly<Record<Kind, number>> | null;
  /** Minutes for which memory is watched at the end; 0: not. */
  readonly minutes: number;
}

/** The fixed rate is this share of what the slowest way can do in the pass before the others. */
export const rateShare = 0.7;

export interface PlanChanges {
  /** Ids of ways; empty: those of the size. */
  readonly only: readonly string[];
  readonly http?: readonly number[];
  readonly library?: readonly number[];
  readonly repeats?: number;
  readonly minutes?: number;
}

const sizes: Readonly<Record<Size, Omit<Plan, 'size' | 'ways'>>> = {
  smoke: {
    ...{ widths: { http: [2], library: [3] }, repeats: 1, minutes: 0 },
    ...{ firstWarmUpMs: 0, warmUpMs: 60, windowMs: 200, rates: { http: 50, library: 50 } },
  },
  quick: {
    ...{ widths: { http: [1, 50, 200], library: [1, 100, 500] }, repeats: 1, minutes: 0 },
    ...{ firstWarmUpMs: 2_000, warmUpMs: 500, windowMs: 3_000, rates: null },
  },
  full: {
    ...{ widths: { http: [1, 50, 200], library: [1, 100, 500] }, repeats: 3, minutes: 10 },
    ...{ firstWarmUpMs: 3_000, warmUpMs: 1_000, windowMs: 8_000, rates: null },
  },
};

export function createPlan(size: Size, { only, http, library, ...changes }: PlanChanges): Plan {
  const preset = sizes[size];
  return {
    ...preset,
    ...changes,
    size,
    ways: ways.filter(({ id, notInSmoke }) =>
      only.length > 0 ? only.includes(id) : size !== 'smoke' || notInSmoke !== true,
    ),
    widths: { http: http ?? preset.widths.http, library: library ?? preset.widths.library },
  };
}

/** The load of the pass that finds the rate, and of the first warm-up: neither the least nor the most. */
export function middleOf(widths: readonly number[]): number {
  return widths[Math.floor((widths.length - 1) / 2)] ?? 1;
}

/** At a fixed rate there shall always be a free connection. */
export function mostOf(widths: readonly number[]): number {
  return Math.max(...widths);
}

/** Starting and ending a way. */
const startMs = { smoke: 1_000, quick: 3_000, full: 3_000 };
/** Opening connections, and closing them. */
const loadMs = 350;
const systemMs = { smoke: 2_000, quick: 15_000, full: 15_000 };
/** Those of the aims that are missed. */
const profilesMs = { smoke: 0, quick: 45_000, full: 60_000 };

/** Milliseconds that the whole plan takes on an idle machine, roughly. */
export function expectedMs(plan: Plan): number {
  const { size, widths, repeats, firstWarmUpMs, warmUpMs, windowMs, rates, minutes } = plan;
  const one = warmUpMs + windowMs + loadMs;
  if (repeats === 0) return systemMs[size] + startMs[size] + minutes * 60_000;
  const ofWay = ({ kind }: Way): number => {
    const loads = widths[kind].length + 1;
    const passes = repeats * (startMs[size] + firstWarmUpMs + loads * one);
    return passes + (rates === null ? startMs[size] + firstWarmUpMs + one : 0);
  };
  const measuring = plan.ways.reduce((sum, way) => sum + ofWay(way), 0);
  return systemMs[size] + measuring + profilesMs[size] + minutes * 60_000;
}
