/** Signals that end a measurement in order: everything that it started goes, whenever they come. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Aborted by the first of SIGINT, SIGTERM and SIGHUP, with the reason in words. Those after it change nothing: npm and
 * the terminal send two, and the second must not cut short what the first began.
 */
export function watchSignals(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of signals) {
    process.on(name, () => interrupted.abort(new Error(`stopped by ${name}`)));
  }
  return interrupted.signal;
}

/** The outcome of the promise, or the reason of the signal, whichever comes first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // What it becomes after the end is nobody's business.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
