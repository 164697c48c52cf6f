import type { EventLog, EventPage } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { EventFilter, SequencedEvent } from '#core/status-event.js';
import { gapBehind, passesFilter } from '#core/status-event.js';
import { takeBytes } from './event-weight.js';
import type { RecentEvents } from './recent-events.js';
import type { StatusSink, StatusSubscription } from './status-subscription.js';

export interface FollowerOptions {
  readonly log: Pick<EventLog, 'page'>;
  readonly logger: Logger;
  readonly project: string;
  readonly after: number;
  readonly filter: EventFilter;
  readonly sink: StatusSink;
  readonly recent: RecentEvents;
  /** It was closed or ended. */
  readonly onEnd: () => void;
}

/** One who follows a project; see status-hub.ts. */
export interface Follower extends StatusSubscription {
  /** There may be events that it has not got. */
  proceed(): void;
  /** Closes it and tells its sink. */
  end(): void;
}

const pageSize = 128;
/** What one who reads slowly has no room for is read again: no more than two deliveries. */
const pageBytes = 128 * 1024;
/** So much more than its room waits for a client that reads nothing, and one event. */
const deliveredBytes = 64 * 1024;

export function createFollower(options: FollowerOptions): Follower {
  const { log, logger, project, filter, sink, recent } = options;
  let position = options.after;
  /** The newest event that is known to be there; unknown until the log was looked into. */
  let known = -1;
  let isOpen = true;
  let hasRoom = true;
  let isReading = false;

  /** Delivers until nothing is left, there is no room, or the log has to be read. */
  function proceed(): void {
    while (isOpen && hasRoom && !isReading) {
      const next = known < 0 ? undefined : recent.behind(position);
      if (next === undefined) {
        if (known >= 0 && position >= Math.max(known, recent.last)) return;
        void read();
        return;
      }
      if (next.length === 0) return;
      const some = takeBytes(next, deliveredBytes);
      position = some.at(-1)?.sequence ?? position;
      deliver(some.filter((event) => passesFilter(event, filter)));
    }
  }

  async function read(): Promise<void> {
    isReading = true;
    try {
      const page = await log.page(project, { after: position, limit: pageSize, bytes: pageBytes, filter });
      if (!isOpen) return;
      known = Math.max(known, page.last);
      const gap = gapBehind(position, page.first);
      if (gap !== undefined) sink.gap(gap.from, gap.to);
      deliverPage(page);
    } catch (error) {
      logger.warn({ err: error, project }, 'status events could not be read, a follower is ended');
      end();
    } finally {
      isReading = false;
    }
    proceed();
  }

  /** What there is no room for is read again when there is. */
  function deliverPage({ events, through, first }: EventPage): void {
    let left = events;
    while (left.length > 0 && isOpen) {
      const some = takeBytes(left, deliveredBytes);
      left = left.slice(some.length);
      position = some.at(-1)?.sequence ?? position;
      deliver(some);
      if (!hasRoom && left.length > 0) return;
    }
    position = Math.max(through, first - 1);
  }

  function deliver(events: readonly SequencedEvent[]): void {
    if (events.length > 0 && isOpen) hasRoom = sink.deliver(events);
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    options.onEnd();
  }

  function end(): void {
    if (!isOpen) return;
    close();
    sink.end();
  }

  return {
    proceed,
    resume() {
      hasRoom = true;
      proceed();
    },
    close,
    end,
    get position() {
      return position;
    },
  };
}
