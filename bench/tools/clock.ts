/** Microseconds of a clock that all processes of this machine share and that never jumps. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Waits until that instant of {@link nowUs}; returns at once when it has passed or the signal is aborted. */
export async function untilUs(instant: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const leftUs = instant - nowUs();
    if (leftUs <= 0 || signal?.aborted === true) return;
    await pause(Math.ceil(leftUs / 1_000), signal);
  }
}

/** Returns at once when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/** Asked anew after each wait, which the compiler does not see. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
