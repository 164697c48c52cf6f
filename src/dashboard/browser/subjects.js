/** Where everything in a project stands: the newest state of each subject, in the order of its activity. */
import { followed, isRunning, merged } from './subject.js';

/** Above `most` subjects those with the oldest activity are let go, down to `kept`: projects may have new ones for ever. */
const limits = { kept: 5_000, most: 6_000 };

/**
 * @typedef {import('./subject.js').SequencedEvent} SequencedEvent
 * @typedef {import('./subject.js').Subject} Subject
 * @typedef {import('./subject.js').Known} Known
 * @typedef {'all' | 'running' | 'ended'} StateFilter
 */

/** @param {Subject} subject @param {StateFilter} state */
function isIn(subject, state) {
  if (state === 'all') return true;
  return state === 'ended' ? subject.isOver : isRunning(subject);
}

/** @param {{ kept: number, most: number }} [bounds] */
export function createSubjects({ kept, most } = limits) {
  /** Those with the oldest activity first. @type {Map<string, Known>} */
  let known = new Map();
  /**
   * Those of `known` whose past is not, with the sequence at which the list did not have them. It will when they are heard of
   * again, if they were just moving on; else they are gone.
   *
   * @type {Map<string, number | undefined>}
   */
  const withoutPast = new Map();
  let cuts = 0;
  /** So many more are kept, because somebody has asked for older ones. */
  let more = 0;

  function cut() {
    if (known.size <= most + more) return;
    cuts += 1;
    for (const name of known.keys()) {
      if (known.size <= kept + more) break;
      known.delete(name);
      withoutPast.delete(name);
    }
  }

  /** @param {readonly Subject[]} listed */
  function merge(listed) {
    for (const state of listed) {
      const current = known.get(state.subject);
      known.set(state.subject, merged(current, state));
      // An older list knows nothing of what has become a request since.
      const isSure = state.isRequest || (current?.acceptedAt ?? 0) <= state.sequence;
      if (isSure) withoutPast.delete(state.subject);
    }
    known = new Map([...known].sort(([, a], [, b]) => a.sequence - b.sequence));
  }

  return {
    get size() {
      return known.size;
    },
    /** How often some were let go. */
    get cuts() {
      return cuts;
    },
    /** Sequence behind which older subjects are found. */
    get oldest() {
      const [first] = known.values();
      return first?.sequence;
    },
    /** Sequence of the newest one whose past the list may tell; undefined when there is none. */
    get askedTo() {
      let newest;
      for (const [name, missedAt] of withoutPast) {
        const sequence = known.get(name)?.sequence ?? 0;
        if (sequence !== missedAt) newest = Math.max(newest ?? 0, sequence);
      }
      return newest;
    },
    /** @param {string} subject */
    find(subject) {
      return known.get(subject);
    },
    clear() {
      cuts += 1;
      known = new Map();
      withoutPast.clear();
      more = 0;
    },
    /** Takes in a part of the list, which may be older or newer than what is known. */
    merge,
    /** Takes in what somebody has asked for, to keep it. @param {readonly Subject[]} listed */
    addOlder(listed) {
      const { size } = known;
      merge(listed);
      more += known.size - size;
    },
    /**
     * Takes in the pasts of those who were asked for.
     *
     * @param {readonly Subject[]} listed all of the list
     * @param {{ from: number, before: number }} range whose newest activity is here
     */
    learn(listed, { from, before }) {
      merge(listed);
      const names = new Set(listed.map(({ subject }) => subject));
      for (const name of withoutPast.keys()) {
        const sequence = known.get(name)?.sequence ?? 0;
        if (sequence >= from && sequence < before && !names.has(name)) withoutPast.set(name, sequence);
      }
    },
    /**
     * @param {SequencedEvent} event
     * @returns {boolean} whether all of its subject is known
     */
    apply(event) {
      const { subject, sequence } = event;
      const before = known.get(subject);
      if (before !== undefined && before.sequence >= sequence) return true;
      const now = followed(before, event);
      known.delete(subject);
      known.set(subject, now);
      // That it has become a request is only what an event says.
      const isNews = before === undefined || (now.isRequest && !before.isRequest);
      if (isNews && !withoutPast.has(subject)) withoutPast.set(subject, undefined);
      cut();
      return !withoutPast.has(subject);
    },
    /**
     * All that match, newest activity first.
     *
     * @param {{ state: StateFilter, text: string }} filter
     * @returns {Subject[]}
     */
    select({ state, text }) {
      const wanted = text.trim().toLowerCase();
      return [...known.values()]
        .reverse()
        .filter(
          (each) =>
            isIn(each, state) &&
            (wanted === '' ||
              each.subject.toLowerCase().includes(wanted) ||
              each.text?.toLowerCase().includes(wanted) === true),
        );
    },
  };
}
