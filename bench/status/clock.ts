/** Microseconds of a clock that all processes of this machine share and that never jumps. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Waits until that instant of {@link nowUs}; returns at once when it has passed. */
export async function untilUs(instant: number): Promise<void> {
  for (;;) {
    const leftUs = instant - nowUs();
    if (leftUs <= 0) return;
    await pause(Math.ceil(leftUs / 1_000));
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
