import { randomUUID } from 'node:crypto';
import type { EventLog } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';

/** An event as a service tells it: progress of `job` in the project `shop` unless said otherwise. */
export function newStatusEvent(parts: Partial<StatusEvent> = {}): StatusEvent {
  return { id: randomUUID(), project: 'shop', subject: 'job', kind: 'progress', time: 5, ...parts };
}

/** Lets events into a log and numbers them, as the sequencer does; returns what was numbered. */
export async function appendNumbered(
  log: EventLog,
  events: readonly StatusEvent[],
): Promise<readonly SequencedEvent[]> {
  await Promise.all(events.map((event) => log.append(event)));
  await log.claimDuty('test', 30_000);
  return (await log.number('test', events.length)) ?? [];
}
