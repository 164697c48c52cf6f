/** How much is measured: the three sizes, and how long each takes. */
import type { Variant } from './variants.js';
import { intervalOf, variants } from './variants.js';

export type Size = 'smoke' | 'quick' | 'full';

/** Instants of one measurement, in milliseconds from its start. */
export interface AwayPlan {
  readonly clients: number;
  readonly stepsBefore: number;
  readonly leaveAtMs: number;
  readonly awayMs: number;
  readonly stepsAway: number;
  /** From the return to the one step that comes then: what a client knows before it has caught up by itself. */
  readonly quietMs: number;
}

export interface Plan {
  readonly size: Size;
  readonly variants: readonly Variant[];
  /** Numbers of clients, each with one task. */
  readonly clients: readonly number[];
  readonly repeats: number;
  /** How long events come and requests, bytes and CPU are counted; a whole number of every interval of a poll. */
  readonly windowMs: number;
  /** Of each task within the window. */
  readonly steps: number;
  /** How long after the window the last events are waited for, beside two intervals. */
  readonly giveUpMs: number;
  readonly away: AwayPlan;
}

/** These differ by a number alone from one that a smoke run has. */
const notInSmoke: ReadonlySet<string> = new Set([
  ...['poll-1s', 'poll-1s-etag', 'poll-5s', 'poll-5s-etag', 'database-1s', 'file-1s'],
]);

const away: AwayPlan = {
  clients: 5,
  stepsBefore: 2,
  leaveAtMs: 3_000,
  awayMs: 10_000,
  stepsAway: 5,
  quietMs: 7_000,
};

export interface PlanChanges {
  /** Ids of variants; empty: those of the size. */
  readonly only: readonly string[];
  readonly clients?: readonly number[];
  readonly repeats?: number;
}

export function createPlan(size: Size, { only, ...changes }: PlanChanges): Plan {
  const chosen = variants.filter(({ id }) =>
    only.length > 0 ? only.includes(id) : size !== 'smoke' || !notInSmoke.has(id),
  );
  return { size, variants: chosen, ...sizes[size], ...changes };
}

const sizes: Readonly<Record<Size, Omit<Plan, 'size' | 'variants'>>> = {
  smoke: {
    ...{ clients: [4], repeats: 1, windowMs: 600, steps: 3, giveUpMs: 5_000 },
    away: { ...away, clients: 2, leaveAtMs: 600, awayMs: 1_000, quietMs: 1_000 },
  },
  quick: { clients: [100], repeats: 1, windowMs: 10_000, steps: 3, giveUpMs: 15_000, away },
  full: { clients: [10, 100, 1_000], repeats: 3, windowMs: 10_000, steps: 3, giveUpMs: 15_000, away },
};

/** Before the start the steps of those who look from time to time begin, so that none of their first looks is counted. */
export function leadMsOf(variant: Variant): number {
  return intervalOf(variant);
}

/** Of one measurement, beside the window: connecting, the last events, ending. */
const setUpMs = { smoke: 150, quick: 1_500, full: 1_500 };
/** Posting the request of a client, telling of it and ending it; and of a client that has none. */
const perClientMs = { gateway: 14, other: 3 };
const startMs = { smoke: 8_000, quick: 45_000, full: 45_000 };

/** Milliseconds that the whole plan takes on an idle machine, roughly. */
export function expectedMs({ size, variants: chosen, clients, repeats, windowMs, away: plan }: Plan): number {
  const measured = chosen.filter(({ awayOnly }) => awayOnly !== true);
  const cells = clients.flatMap((count) =>
    measured.map((variant) => {
      const perClient = variant.publishing.to === 'gateway' ? perClientMs.gateway : perClientMs.other;
      const looking = leadMsOf(variant) + intervalOf(variant) / 2;
      return windowMs + setUpMs[size] + count * perClient + looking;
    }),
  );
  const awayMs = plan.leaveAtMs + plan.awayMs + plan.quietMs + 5 * setUpMs[size];
  const idleMs = windowMs;
  return startMs[size] + repeats * (cells.reduce((sum, ms) => sum + ms, 0) + awayMs + idleMs);
}
