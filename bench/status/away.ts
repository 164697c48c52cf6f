/** Clients that leave for a while and come back: what they know of it. */
import { measure } from './measurement.js';
import type { AwayPlan } from './plan.js';
import type { AwayRun } from './results.js';
import { createAwaySchedule, phaseSeed } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';
import type { System } from './system.js';
import { intervalOf } from './variants.js';
import type { Variant } from './variants.js';

export async function measureAway(
  system: System,
  variant: Variant,
  { plan, instants }: { readonly plan: AwayPlan; readonly instants: ScheduleOptions },
): Promise<AwayRun> {
  const { leaveAtMs, awayMs, quietMs, stepsBefore, stepsAway } = plan;
  const backAtMs = leaveAtMs + awayMs;
  const { knownAt, seenSteps } = await measure(system, {
    ...{ variant, schedule: createAwaySchedule(instants, plan), seed: phaseSeed(instants) },
    ...{ windowMs: backAtMs + quietMs, away: { leaveAtMs, backAtMs } },
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
