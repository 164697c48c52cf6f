import type { SequencedEvent } from '#core/status-event.js';

const weights = new WeakMap<SequencedEvent, number>();

/** About how many bytes an event takes, in memory and on its way to one client: the length of its JSON. */
export function weightOf(event: SequencedEvent): number {
  const known = weights.get(event);
  if (known !== undefined) return known;
  const weight = JSON.stringify(event).length;
  weights.set(event, weight);
  return weight;
}

/** The first events that come to `bytes` together, at least one. */
export function takeBytes(events: readonly SequencedEvent[], bytes: number): readonly SequencedEvent[] {
  let sum = 0;
  const last = events.findIndex((event) => (sum += weightOf(event)) >= bytes);
  return last === -1 ? events : events.slice(0, last + 1);
}
