import type { ManualClock } from '#testing/manual-clock.js';

/** So many that a store in memory has committed and all that follows from it has run. */
const settlingTurns = 12;

/**
 * Lets the event loop turn until what is under way without timers and sockets has come to rest. For "nothing
 * happened" with fakes and a manual clock; what comes from outside the process needs `until`.
 */
export async function settled(turns = settlingTurns): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface PassTimeOptions {
  /** Milliseconds of each step; what a step causes happens before the next one. Default 250. */
  readonly stepMs?: number;
}

/** Moves a manual clock on in small steps and lets each step have its effects. */
export async function passTime(
  clock: ManualClock,
  ms: number,
  { stepMs = 250 }: PassTimeOptions = {},
): Promise<void> {
  await settled();
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed));
    await settled();
  }
}

/**
 * Moves a manual clock on until the condition holds; returns the milliseconds that took.
 *
 * @throws Error that names what was awaited when it does not hold within `withinMs` of the manual clock.
 */
export async function passTimeUntil(
  clock: ManualClock,
  condition: () => boolean,
  { what, withinMs, stepMs = 250 }: PassTimeOptions & { readonly what: string; readonly withinMs: number },
): Promise<number> {
  const startedAt = clock.monotonic();
  await settled();
  while (!condition()) {
    const passed = clock.monotonic() - startedAt;
    if (passed >= withinMs) throw new Error(`${passed} ms of the manual clock passed without ${what}`);
    clock.advance(Math.min(stepMs, withinMs - passed));
    await settled();
  }
  return clock.monotonic() - startedAt;
}
