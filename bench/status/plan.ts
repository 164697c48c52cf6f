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
  /** How long events come and requests, bytes and CPU are counted. */
  readonly windowMs: number;
  /** Of each task within the window. */
  readonly steps: number;
  readonly away: AwayPlan;
}

/** All ways and all kinds of clients; the others differ from them by a number. */
const smokeVariants: ReadonlySet<string> = new Set([
  ...['topic', 'sse', 'websocket', 'long-poll', 'poll-100ms-etag', 'database-100ms', 'database-notify'],
  ...['callback', 'callback-retried', 'file-100ms', 'file-watch', 'nobody'],
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
    only.length > 0 ? only.includes(id) : size !== 'smoke' || smokeVariants.has(id),
  );
  return { size, variants: chosen, ...sizes[size], ...changes };
}

const sizes: Readonly<Record<Size, Omit<Plan, 'size' | 'variants'>>> = {
  smoke: {
    ...{ clients: [4], repeats: 1, windowMs: 600, steps: 3 },
    away: { ...away, clients: 2, leaveAtMs: 600, awayMs: 1_000, quietMs: 1_000 },
  },
  quick: { clients: [100], repeats: 1, windowMs: 10_000, steps: 4, away },
  full: { clients: [10, 100, 1_000], repeats: 3, windowMs: 15_000, steps: 4, away },
};

/** Of one measurement, beside the window: posting the requests, connecting, the last events, ending. */
const setUpMs = 1_500;
const setUpPerClientMs = 5;
const startMs = 20_000;

/** Milliseconds that the whole plan takes on an idle machine, roughly. */
export function expectedMs({ size, variants: chosen, clients, repeats, windowMs, away: plan }: Plan): number {
  const measured = chosen.filter(({ awayOnly }) => awayOnly !== true);
  const cells = clients.flatMap((count) =>
    measured.map((variant) => {
      const setUp = size === 'smoke' ? 200 : setUpMs;
      return windowMs + setUp + count * setUpPerClientMs + Math.min(intervalOf(variant), windowMs) / 2;
    }),
  );
  const awayMs = plan.leaveAtMs + plan.awayMs + plan.quietMs + 7_000;
  return startMs + repeats * (cells.reduce((sum, ms) => sum + ms, 0) + awayMs);
}
