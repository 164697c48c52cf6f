/** The newest events of a project, so many of each kind that a flood of progress drives out no message. */

/**
 * @typedef {import('../../core/status-event.js').SequencedEvent} SequencedEvent
 * @typedef {SequencedEvent['kind']} Kind
 */

/** @param {{ ofEachKind: number }} limits */
export function createRecentEvents({ ofEachKind }) {
  /** In their order. @type {Map<Kind, SequencedEvent[]>} */
  const byKind = new Map();

  return {
    clear() {
      byKind.clear();
    },
    /** Takes an event that is newer than those before it. @param {SequencedEvent} event */
    add(event) {
      const events = byKind.get(event.kind) ?? [];
      if ((events.at(-1)?.sequence ?? 0) >= event.sequence) return;
      events.push(event);
      // Not one by one: the rest of the array moves each time.
      if (events.length > 2 * ofEachKind) events.splice(0, events.length - ofEachKind);
      byKind.set(event.kind, events);
    },
    /** Takes a page of events that are older than those before. @param {readonly SequencedEvent[]} page */
    addOlder(page) {
      const kinds = new Set(page.map(({ kind }) => kind));
      for (const kind of kinds) {
        const newer = byKind.get(kind) ?? [];
        const first = newer[0]?.sequence ?? Infinity;
        const older = page.filter((event) => event.kind === kind && event.sequence < first);
        byKind.set(kind, [...older, ...newer]);
      }
    },
    /**
     * Newest first.
     *
     * @param {{ kinds: readonly Kind[], text: string, limit: number }} filter
     * @returns {{ shown: SequencedEvent[], matching: number }}
     */
    select({ kinds, text, limit }) {
      const wanted = text.trim().toLowerCase();
      const matching = kinds
        .flatMap((kind) => byKind.get(kind) ?? [])
        .filter(
          (event) =>
            wanted === '' ||
            event.subject.toLowerCase().includes(wanted) ||
            event.text?.toLowerCase().includes(wanted) === true,
        )
        .sort((a, b) => b.sequence - a.sequence);
      return { shown: matching.slice(0, limit), matching: matching.length };
    },
  };
}
