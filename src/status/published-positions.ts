/**
 * How far the topic of each project has got, between the confirmation of the broker and its note in the store. Each note is a
 * commit, and events may come one by one: what is confirmed within a moment shares one. Failure: noted again the next moment.
 * Shutdown: what is confirmed is noted.
 */
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import { createTimers } from '#messaging/timers.js';

export interface PublishedPositions {
  /** The broker has confirmed all events of the project up to this one. */
  reach(project: string, sequence: number): void;
  /** What is confirmed and may not stand in the store yet, by project, as it is now. */
  unnoted(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const noteAfterMs = 250;
/** So many projects are noted at once. */
const mostUnnoted = 64;

export function createPublishedPositions({
  log,
  clock,
  logger,
}: {
  readonly log: Pick<EventLog, 'markPublished'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): PublishedPositions {
  const reached = new Map<string, number>();
  const timers = createTimers(clock);
  let isNoteDue = false;
  let isNoting = false;
  let isStopped = false;

  /** In one turn, so that the store makes one commit of them. */
  async function note(): Promise<void> {
    await Promise.all(
      [...reached].map(async ([project, sequence]) => {
        await log.markPublished(project, sequence);
        if (reached.get(project) === sequence) reached.delete(project);
      }),
    ).catch((error: unknown) => {
      logger.warn({ err: error }, 'what was published could not be noted');
    });
  }

  async function noteNow(): Promise<void> {
    if (isNoting) return;
    isNoting = true;
    await note();
    isNoting = false;
    if (reached.size > 0) noteSoon();
  }

  function noteSoon(): void {
    if (isNoteDue) return;
    isNoteDue = true;
    timers.after(noteAfterMs, () => {
      isNoteDue = false;
      void noteNow();
    });
  }

  return {
    reach(project, sequence) {
      if (isStopped) return;
      reached.set(project, sequence);
      if (reached.size < mostUnnoted) noteSoon();
      else void noteNow();
    },
    unnoted: () => new Map(reached),
    async stop() {
      isStopped = true;
      timers.stop();
      await note();
    },
  };
}
