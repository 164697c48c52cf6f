/**
 * Resequencer (https://www.enterpriseintegrationpatterns.com/Resequencer.html) of status events: numbers what has entered
 * the log, each project for itself, without gaps, and hands it on. One instance does it at a time (sequencer-duty.ts).
 * Guarantee: an event is handed on after the commit that numbered it, each project in order. Failure: what has no
 * number stays in the log and gets it the next time, a second later at the latest; nothing that enters waits for it.
 * After kill -9 whatever was numbered is found in the log. Shutdown: the present batch, then the duty is let go.
 */
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { SequencedEvent } from '#core/status-event.js';
import type { SequencerDuty } from './sequencer-duty.js';
import { createWakeableTask } from './wakeable-task.js';

export interface SequencerOptions {
  readonly log: Pick<EventLog, 'hasUnnumbered' | 'number' | 'onEntry'>;
  readonly duty: SequencerDuty;
  /** Owner of the duty. */
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Gets what was numbered, in order; the next events are numbered when it is done. */
  readonly onNumbered: (events: readonly SequencedEvent[]) => Promise<void>;
}

export interface Sequencer {
  start(): void;
  /** Events may wait for their numbers. */
  wake(): void;
  stop(): Promise<void>;
}

/** Others use the store between two batches. */
const batchSize = 250;
/** Whoever lets events in says so; it is what failed, or waits for the duty, that is found by looking this often. */
const lookEveryMs = 1_000;

export function createSequencer(options: SequencerOptions): Sequencer {
  const { log, duty, instance, clock, logger, meter, onNumbered } = options;
  let isStopping = false;
  const task = createWakeableTask({
    run: numberAll,
    onFailure: (error) => logger.warn({ err: error }, 'status events could not be numbered'),
    everyMs: lookEveryMs,
    clock,
  });
  let stopListening = (): void => undefined;

  async function numberAll(): Promise<void> {
    while (!hasStopped() && (await log.hasUnnumbered()) && (await duty.hold())) {
      const events = await log.number(instance, batchSize);
      if (events === null) {
        duty.lost();
        return;
      }
      meter.count('events-numbered', events.length);
      await onNumbered(events);
    }
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopping;
  }

  return {
    start() {
      stopListening = log.onEntry(() => task.wake());
      task.start();
    },
    wake: () => task.wake(),
    async stop() {
      isStopping = true;
      stopListening();
      await task.stop();
    },
  };
}
