/**
 * The one place where tests wait. Each wait has a deadline and says in words what it waited for, so
 * that a failure reads "no receipt within 2000 ms" and not "timeout of 20000ms exceeded".
 */
export interface WaitOptions {
  /** What is awaited, as the subject of a sentence: `the second delivery`. */
  readonly what: string;
  /** Milliseconds; default 20,000, because a step of a moment takes seconds on a machine that is busy with other things. */
  readonly withinMs?: number;
}

const defaultWithinMs = 20_000;
const pollMs = 10;

/**
 * Asks `condition` every 10 ms until it gives something true, and returns that. A throw counts as
 * "not yet", so that assertions can be conditions; the last one is the cause of the final error.
 *
 * @throws Error that names what was awaited, when the deadline passes.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { withinMs = defaultWithinMs } = options;
  const deadlineAt = performance.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await within(Promise.resolve(condition()), {
        what: options.what,
        withinMs: Math.max(1, deadlineAt - performance.now()),
      });
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadlineAt) throw late(options, lastError);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** The promise's outcome, or an error that names what was awaited when it takes longer than `withinMs`. */
export async function within<T>(promise: Promise<T>, options: WaitOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(options)), options.withinMs ?? defaultWithinMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function late({ what, withinMs = defaultWithinMs }: WaitOptions, cause?: unknown): Error {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new Error(`waited ${Math.round(withinMs)} ms in vain for ${what}${detail}`, { cause });
}
