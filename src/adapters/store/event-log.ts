/** The log of status events on the database; see the port for what it promises. */
import type { EventLog } from '#core/ports/event-log.js';
import type { StoreContext } from './context.js';
import { createEventEntry } from './event-entry.js';
import { createEventNumbering } from './event-numbering.js';
import { createEventReading } from './event-reading.js';
import { createEventRetention } from './event-retention.js';
import { createEventSubjects } from './event-subjects.js';

export interface EventRetention {
  /** Milliseconds that events stay. */
  readonly statusMs: number;
  /** Events that stay for each project. */
  readonly statusEvents: number;
}

export function createEventLog(
  context: StoreContext,
  listeners: Set<() => void>,
  { statusMs, statusEvents }: EventRetention,
): EventLog {
  return {
    ...createEventEntry(context),
    ...createEventNumbering(context, statusEvents),
    ...createEventReading(context),
    ...createEventSubjects(context),
    ...createEventRetention(context, statusMs),
    onEntry(callback) {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
  };
}
