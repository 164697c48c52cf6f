import { createRandom } from '../../test/fuzz/random.js';
import type { AwayPlan } from './plan.js';

/** Instants of the steps of each task, microseconds from the start of the measurement, in order. */
export type Schedule = readonly (readonly number[])[];

/** Steps come in the first 97 %, so that the last ones are still within what is counted. */
const shareWithSteps = 0.97;

export interface ScheduleOptions {
  readonly seed: number;
  /** Another for each measurement. */
  readonly index: number;
  readonly clients: number;
}

/** So many steps of each task, at random instants. */
export function createSchedule(
  { seed, index, clients }: ScheduleOptions,
  { steps, windowMs }: { readonly steps: number; readonly windowMs: number },
): Schedule {
  const random = createRandom(seed, index);
  const endUs = windowMs * 1_000 * shareWithSteps;
  return Array.from({ length: clients }, () =>
    Array.from({ length: steps }, () => random.below(endUs)).sort((one, other) => one - other),
  );
}

/** Some steps, then those while the client is away, then one more. */
export function createAwaySchedule(options: ScheduleOptions, plan: AwayPlan): Schedule {
  const random = createRandom(options.seed, options.index);
  const between = (fromMs: number, toMs: number, count: number): number[] =>
    Array.from({ length: count }, () => fromMs * 1_000 + random.below((toMs - fromMs) * 1_000)).sort(
      (one, other) => one - other,
    );
  const backAtMs = plan.leaveAtMs + plan.awayMs;
  // A step on its way at the instant of leaving is neither here nor there.
  const margin = plan.awayMs / 10;
  return Array.from({ length: options.clients }, () => [
    ...between(0, plan.leaveAtMs / 2, plan.stepsBefore),
    ...between(plan.leaveAtMs + margin, backAtMs - margin, plan.stepsAway),
    (backAtMs + plan.quietMs) * 1_000,
  ]);
}

/** What the client reads in a status document or an event. */
export function stepText(step: number, steps: number): string {
  return `step ${step} of ${steps}`;
}

/** The step of a text of {@link stepText}; 0 when it is none. */
export function stepOf(text: string | null | undefined): number {
  return Number(/^step (\d+) of /u.exec(text ?? '')?.[1] ?? 0);
}
