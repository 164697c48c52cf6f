import type { Clock } from '#core/ports/clock.js';
import type { Environment } from './configuration/environment.js';
import { systemClock } from './system-clock.js';

/** Signals that ask a process to end. The terminal that goes away is one of them. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof stopSignals)[number];

/** The process that is signalled, and its time. */
export interface Signalled {
  readonly ownProcess: Pick<NodeJS.Process, 'on' | 'off' | 'exit' | 'ppid'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

const numbers: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * One Ctrl-C under `npm start` may arrive twice: from the terminal, which signals everything in the foreground, and
 * from npm, which passes its own on. Nobody presses it again that soon.
 */
const echoMs = 200;
const lookAtParentMs = 250;

/**
 * Calls back with the first signal; a second one ends the process at once, with the exit code that shells give a
 * process killed by it. Returns what takes the listeners away. `signalled` is this process by default.
 */
export function onStopSignal(
  environment: Environment,
  callback: (signal: StopSignal) => void,
  { ownProcess, clock }: Signalled = { ownProcess: process, clock: systemClock },
): () => void {
  let firstAt: number | undefined;
  function listen(signal: StopSignal): void {
    if (firstAt === undefined) {
      firstAt = clock.monotonic();
      callback(signal);
    } else if (clock.monotonic() - firstAt > echoMs) {
      ownProcess.exit(128 + numbers[signal]);
    }
  }
  for (const signal of stopSignals) ownProcess.on(signal, listen);
  const stopWatching = watchParent(environment, ownProcess, () => {
    if (firstAt === undefined) listen('SIGHUP');
  });
  return () => {
    for (const signal of stopSignals) ownProcess.off(signal, listen);
    stopWatching();
  };
}

/**
 * npm runs scripts in a shell and signals only that: a shell that ends by SIGTERM leaves us behind, unsignalled and
 * with our ports taken. So under npm the end of the parent counts as one.
 */
function watchParent(
  environment: Environment,
  ownProcess: Signalled['ownProcess'],
  onGone: () => void,
): () => void {
  if ((environment['npm_lifecycle_event'] ?? '') === '') return () => undefined;
  const parent = ownProcess.ppid;
  const timer = setInterval(() => {
    if (ownProcess.ppid !== parent) onGone();
  }, lookAtParentMs);
  timer.unref();
  return () => clearInterval(timer);
}
