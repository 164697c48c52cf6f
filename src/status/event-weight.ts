import { countOfBytes } from '#core/count-of-bytes.js';
import type { SequencedEvent } from '#core/status-event.js';

const weights = new WeakMap<SequencedEvent, number>();

/**
 * About how many bytes an event takes on its way to one client: those of its JSON. In memory it takes a few times that, since
 * its encoded forms stay with it for all who follow.
 */
export function weightOf(event: SequencedEvent): number {
  const known = weights.get(event);
  if (known !== undefined) return known;
  const weight = Buffer.byteLength(JSON.stringify(event));
  weights.set(event, weight);
  return weight;
}

/** The first events that come to `bytes` together, at least one. */
export function takeBytes(events: readonly SequencedEvent[], bytes: number): readonly SequencedEvent[] {
  return events.slice(0, countOfBytes(events, bytes, weightOf));
}
