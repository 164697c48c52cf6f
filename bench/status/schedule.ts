import { createRandom } from '#testing/random.js';
import type { AwayPlan } from './plan.js';

/**
 * Instants of the steps of each task, microseconds from the start of the measurement, in order. Those below 0 are made
 * for clients that look from time to time: at the start they are in the midst of it. They are counted nowhere.
 */
export type Schedule = readonly (readonly number[])[];

/** Steps come in the first 97 %, so that the last ones are still within what is counted. */
const shareWithSteps = 0.97;

/** The same instants for every variant of a repeat. */
export interface ScheduleOptions {
  readonly seed: number;
  readonly repeat: number;
  readonly clients: number;
}

export interface ScheduleSize {
  readonly steps: number;
  readonly windowMs: number;
  /** How long before the start steps are made, at the same rate; at most the window. */
  readonly leadMs: number;
}

/** So many steps of each task, at random instants, and those before the start. */
export function createSchedule(
  options: ScheduleOptions,
  { steps, windowMs, leadMs }: ScheduleSize,
): Schedule {
  const random = randomOf(options);
  const endUs = windowMs * 1_000 * shareWithSteps;
  return Array.from({ length: options.clients }, () => {
    const counted = Array.from({ length: steps }, () => random.below(endUs));
    // As many are drawn whatever the lead: the next task has the same instants with any.
    const before = Array.from({ length: steps }, () => -1 - random.below(windowMs * 1_000));
    return inOrder([...before.filter((instant) => instant >= -leadMs * 1_000), ...counted]);
  });
}

/** Some steps, then those while the client is away, then one more. */
export function createAwaySchedule(options: ScheduleOptions, plan: AwayPlan): Schedule {
  const random = randomOf(options);
  const between = (fromMs: number, toMs: number, count: number): number[] =>
    inOrder(Array.from({ length: count }, () => fromMs * 1_000 + random.below((toMs - fromMs) * 1_000)));
  const backAtMs = plan.leaveAtMs + plan.awayMs;
  // A step on its way at the instant of leaving is neither here nor there.
  const margin = plan.awayMs / 10;
  return Array.from({ length: options.clients }, () => [
    ...between(0, plan.leaveAtMs / 2, plan.stepsBefore),
    ...between(plan.leaveAtMs + margin, backAtMs - margin, plan.stepsAway),
    (backAtMs + plan.quietMs) * 1_000,
  ]);
}

/** Of the phases of clients that look from time to time; the same for every variant of a repeat. */
export function phaseSeed({ seed, repeat, clients }: ScheduleOptions): number {
  return Math.imul(seed + 1, 1_000_003) + repeat * 100_003 + clients;
}

function randomOf({ seed, repeat, clients }: ScheduleOptions): ReturnType<typeof createRandom> {
  return createRandom(seed, repeat * 100_003 + clients);
}

function inOrder(instants: readonly number[]): number[] {
  return [...instants].sort((one, other) => one - other);
}

/** What the client reads in a status document or an event. */
export function stepText(step: number, steps: number): string {
  return `step ${step} of ${steps}`;
}

/** The step of a text of {@link stepText}; 0 when it is none. */
export function stepOf(text: string | null | undefined): number {
  return Number(/^step (\d+) of /u.exec(text ?? '')?.[1] ?? 0);
}
