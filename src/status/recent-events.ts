/** The newest events of one project, in order and without gaps: whoever keeps up needs no look into the log. */
import type { SequencedEvent } from '#core/status-event.js';
import { weightOf } from './event-weight.js';

export interface RecentEvents {
  add(events: readonly SequencedEvent[]): void;
  /** What comes after `position`; undefined when part of it is not here any more, or never was. */
  behind(position: number): readonly SequencedEvent[] | undefined;
  /** Keeps nothing but the number of the newest. */
  forget(): void;
  /** The newest that came; 0 before the first. */
  readonly last: number;
  /** About what the kept ones take. */
  readonly bytes: number;
}

const mostKept = 256;
const mostBytes = 1024 * 1024;

export function createRecentEvents(): RecentEvents {
  let kept: readonly SequencedEvent[] = [];
  let bytes = 0;
  let last = 0;

  const sum = (events: readonly SequencedEvent[]): number =>
    events.reduce((total, event) => total + weightOf(event), 0);

  function trim(): void {
    let tooMany = Math.max(0, kept.length - mostKept);
    bytes -= sum(kept.slice(0, tooMany));
    for (let oldest = kept[tooMany]; oldest !== undefined && bytes > mostBytes; oldest = kept[tooMany]) {
      bytes -= weightOf(oldest);
      tooMany += 1;
    }
    if (tooMany > 0) kept = kept.slice(tooMany);
  }

  function forget(): void {
    kept = [];
    bytes = 0;
  }

  return {
    add(events) {
      const fresh = events.filter(({ sequence }) => sequence > last);
      const [first] = fresh;
      if (first === undefined) return;
      // What came between was numbered elsewhere: it is in the log.
      if (first.sequence !== last + 1) forget();
      kept = [...kept, ...fresh];
      bytes += sum(fresh);
      last = fresh.at(-1)?.sequence ?? last;
      trim();
    },
    behind(position) {
      if (last > 0 && position >= last) return [];
      const [first] = kept;
      if (first === undefined || position + 1 < first.sequence) return undefined;
      return kept.slice(position + 1 - first.sequence);
    },
    forget,
    get last() {
      return last;
    },
    get bytes() {
      return bytes;
    },
  };
}
