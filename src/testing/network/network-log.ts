import type { Clock } from '#core/ports/clock.js';
import type { NetworkEvent, NetworkEventKind } from './fault.js';
import type { SeenFrame } from './seen-frame.js';

/** What a network did, in order; the latest 10,000 are kept. */
export interface NetworkLog {
  readonly events: readonly NetworkEvent[];
  add(kind: NetworkEventKind, connection: number, frame?: SeenFrame | null, detail?: string): void;
}

const mostEvents = 10_000;

export function createNetworkLog(clock: Clock, onEvent: () => void): NetworkLog {
  let events: NetworkEvent[] = [];
  return {
    get events() {
      return events.slice(-mostEvents);
    },
    add(kind, connection, frame = null, detail) {
      // Cut seldom, so that a long run does not move the whole list for each event.
      if (events.length >= 2 * mostEvents) events = events.slice(-mostEvents);
      events.push({ at: clock.now(), kind, connection, frame, detail: detail ?? null });
      onEvent();
    },
  };
}
