import type { Histogram } from 'hdr-histogram-js';
import { nowUs, untilUs } from '../../tools/clock.js';
import { createDelays } from '../../tools/delays.js';
import type { Schedule } from '../schedule.js';
import type { Publisher, StepEvent } from './publisher.js';

/**
 * Publishes every step at its instant or as soon after it as this process gets to it.
 *
 * @returns how late it was, in microseconds; the delays of the clients contain it
 */
export async function publishSchedule(
  publisher: Publisher,
  schedule: Schedule,
  {
    startsAt,
    project,
    subjects,
    signal,
  }: {
    readonly startsAt: number;
    readonly project: string;
    readonly subjects: readonly string[];
    /** Ends it: nothing more is published. */
    readonly signal: AbortSignal;
  },
): Promise<Histogram> {
  const lateness = createDelays();
  const events = schedule
    .flatMap((instants, client) =>
      instants.map((instant, index) => ({
        at: startsAt + instant,
        event: toEvent(client, index, instants.length),
      })),
    )
    .sort((one, other) => one.at - other.at);

  function toEvent(client: number, index: number, steps: number): StepEvent {
    return { project, client, subject: subjects[client] ?? '', step: index + 1, steps };
  }

  for (const { at, event } of events) {
    await untilUs(at, signal);
    if (signal.aborted) break;
    lateness.recordValue(Math.max(1, nowUs() - at));
    publisher.publish(event);
  }
  return lateness;
}
