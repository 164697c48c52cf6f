import type { Clock } from '#core/ports/clock.js';

/** True when the promise has an outcome within so many milliseconds, whichever; false when not. Never rejects. */
export function settlesWithin(
  promise: Promise<unknown>,
  withinMs: number,
  clock: Pick<Clock, 'after'>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(withinMs, () => resolve(false));
    const onOutcome = (): void => {
      cancel();
      resolve(true);
    };
    promise.then(onOutcome, onOutcome);
  });
}
