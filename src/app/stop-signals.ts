import type { Environment } from './configuration/environment.js';

/** Signals that ask a process to end. The terminal that goes away is one of them. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof stopSignals)[number];

const numbers: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * One Ctrl-C under `npm start` may arrive twice: from the terminal, which signals everything in the foreground, and
 * from npm, which passes its own on. Nobody presses it again that soon.
 */
const echoMs = 200;
const lookAtParentMs = 250;

/**
 * Calls back with the first signal; a second one ends the process at once, with the exit code that shells give a
 * process killed by it. Returns what takes the listeners away.
 */
export function onStopSignal(environment: Environment, callback: (signal: StopSignal) => void): () => void {
  let firstAt: number | undefined;
  function listen(signal: StopSignal): void {
    if (firstAt === undefined) {
      firstAt = performance.now();
      callback(signal);
    } else if (performance.now() - firstAt > echoMs) {
      process.exit(128 + numbers[signal]);
    }
  }
  for (const signal of stopSignals) process.on(signal, listen);
  const stopWatching = watchParent(environment, () => {
    if (firstAt === undefined) listen('SIGHUP');
  });
  return () => {
    for (const signal of stopSignals) process.off(signal, listen);
    stopWatching();
  };
}

/**
 * npm runs scripts in a shell and signals only that: a shell that ends by SIGTERM leaves us behind, unsignalled and
 * with our ports taken. So under npm the end of the parent counts as one.
 */
function watchParent(environment: Environment, onGone: () => void): () => void {
  if ((environment['npm_lifecycle_event'] ?? '') === '') return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, lookAtParentMs);
  timer.unref();
  return () => clearInterval(timer);
}
