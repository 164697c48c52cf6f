/** The newest events of one project, in order and without gaps: whoever keeps up needs no look into the log. */
import type { SequencedEvent } from '#core/status-event.js';

export interface RecentEvents {
  add(events: readonly SequencedEvent[]): void;
  /** What comes after `position`; undefined when part of it is not here any more, or never was. */
  behind(position: number): readonly SequencedEvent[] | undefined;
  /** The newest that came; 0 before the first. */
  readonly last: number;
}

/** An event has 64 KiB at most, so this is 16 MiB for one project in the worst case. */
const mostKept = 256;

export function createRecentEvents(): RecentEvents {
  let kept: SequencedEvent[] = [];

  const last = (): number => kept.at(-1)?.sequence ?? 0;

  return {
    add(events) {
      const fresh = events.filter(({ sequence }) => sequence > last());
      const [first] = fresh;
      // What came between was numbered elsewhere: it is in the log.
      if (first !== undefined && first.sequence !== last() + 1) kept = [];
      kept = [...kept, ...fresh].slice(-mostKept);
    },
    behind(position) {
      const [first] = kept;
      if (first === undefined || position + 1 < first.sequence) return undefined;
      return kept.slice(position + 1 - first.sequence);
    },
    get last() {
      return last();
    },
  };
}
