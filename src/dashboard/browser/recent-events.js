/**
 * The newest events of a project, so many of each kind that a flood of progress drives out no message. Of each kind it is known
 * from where on all are here, so that nothing is shown as if there were nothing between.
 */

/**
 * @typedef {import('../../core/status-event.js').SequencedEvent} SequencedEvent
 * @typedef {SequencedEvent['kind']} Kind
 * @typedef {{ events: SequencedEvent[], from: number }} Part in their order; `from`: the sequence from which on none is missing
 */

/** @param {{ ofEachKind: number }} limits */
export function createRecentEvents({ ofEachKind }) {
  /** @type {Map<Kind, Part>} */
  const byKind = new Map();
  let start = 1;
  /** More when somebody has asked for earlier ones, so that they stay. */
  let kept = ofEachKind;

  /** @param {Kind} kind @returns {Part} */
  function partOf(kind) {
    const part = byKind.get(kind) ?? { events: [], from: start };
    byKind.set(kind, part);
    return part;
  }

  /** @param {readonly Kind[]} kinds */
  function fromOf(kinds) {
    return Math.max(1, ...kinds.map((kind) => byKind.get(kind)?.from ?? start));
  }

  return {
    /** Forgets all; what comes now is whole from this sequence on. @param {number} from */
    begin(from) {
      byKind.clear();
      start = from;
      kept = ofEachKind;
    },
    /** The sequence from which on no event of these kinds is missing. */
    fromOf,
    /** Takes an event that is newer than those before it. @param {SequencedEvent} event */
    add(event) {
      const part = partOf(event.kind);
      const { events } = part;
      if ((events.at(-1)?.sequence ?? 0) >= event.sequence) return;
      events.push(event);
      // Not one by one: the rest of the array moves each time.
      if (events.length <= 2 * kept) return;
      part.from = (events.splice(0, events.length - kept).at(-1)?.sequence ?? 0) + 1;
    },
    /**
     * Takes all events from one sequence up to another. A kind that does not begin just behind them has changed meanwhile,
     * and takes nothing.
     *
     * @param {readonly SequencedEvent[]} page in their order
     * @param {{ from: number, to: number }} range
     */
    addOlder(page, { from, to }) {
      for (const kind of new Set([...byKind.keys(), ...page.map((event) => event.kind)])) {
        const part = partOf(kind);
        if (part.from > to + 1 || part.from <= from) continue;
        part.events.unshift(...page.filter((event) => event.kind === kind && event.sequence < part.from));
        part.from = from;
        kept = Math.max(kept, part.events.length);
      }
      start = start > to + 1 || start <= from ? start : from;
    },
    /**
     * As many events of each kind stay as it takes to show this one of these kinds.
     *
     * @param {readonly Kind[]} kinds
     * @param {SequencedEvent} oldest
     */
    keep(kinds, { sequence }) {
      for (const kind of kinds) {
        const newer = partOf(kind).events.filter((event) => event.sequence >= sequence);
        kept = Math.max(kept, newer.length);
      }
    },
    /**
     * Newest first, back to where one of these kinds begins to be incomplete.
     *
     * @param {{ kinds: readonly Kind[], text: string, limit: number }} filter
     * @returns {{ shown: SequencedEvent[], matching: number }}
     */
    select({ kinds, text, limit }) {
      const wanted = text.trim().toLowerCase();
      const from = fromOf(kinds);
      const matching = kinds
        .flatMap((kind) => byKind.get(kind)?.events ?? [])
        .filter(
          (event) =>
            event.sequence >= from &&
            (wanted === '' ||
              event.subject.toLowerCase().includes(wanted) ||
              event.text?.toLowerCase().includes(wanted) === true),
        )
        .sort((a, b) => b.sequence - a.sequence);
      return { shown: matching.slice(0, limit), matching: matching.length };
    },
  };
}
