/**
 * Where everything in a project stands: the newest state of each subject, in the order of its activity. Follows the gateway's
 * own rules, so that a page that is reloaded shows the same.
 */
import { finalStates, requestStates } from './vocabulary.js';

/**
 * @typedef {import('../../core/status-event.js').SequencedEvent} SequencedEvent
 * @typedef {import('../../core/request.js').RequestState} RequestState
 * @typedef {object} Subject as `GET /status/{project}/subjects` gives it
 * @property {string} subject
 * @property {SequencedEvent['kind']} kind
 * @property {number} sequence
 * @property {number} time
 * @property {number} [percent]
 * @property {string} [text]
 * @property {RequestState} [status]
 * @property {number} [startedAt] absent while it is not known
 * @property {boolean} isRequest
 * @property {boolean} isOver
 * @typedef {'all' | 'running' | 'ended'} StateFilter
 */

/** A user, say, has events without ever being at work. @param {Subject} subject */
export function isRunning({ isOver, isRequest, percent, kind }) {
  return !isOver && (isRequest || percent !== undefined || kind === 'progress');
}

/** @param {SequencedEvent} event @returns {RequestState | undefined} what the gateway tells of a request itself */
function toldState({ data }) {
  const told = typeof data === 'object' && data !== null && 'status' in data ? data.status : undefined;
  return requestStates.find((state) => state === told);
}

/**
 * @param {Subject | undefined} before
 * @param {SequencedEvent} event
 * @returns {Subject}
 */
function followed(before, event) {
  const { subject, kind, sequence, time } = event;
  // Whether a new subject is a request is learned a moment later; its first event says it in nearly every case.
  const isRequest = before?.isRequest ?? toldState(event) === 'accepted';
  const status = (isRequest ? toldState(event) : undefined) ?? before?.status;
  const percent = event.percent ?? before?.percent;
  const text = event.text ?? before?.text;
  const startedAt = before === undefined ? time : before.startedAt;
  return {
    ...{ subject, kind, sequence, time, isRequest, isOver: isOver(before, { kind, isRequest, status }) },
    ...(percent === undefined ? {} : { percent }),
    ...(text === undefined ? {} : { text }),
    ...(status === undefined ? {} : { status }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

/**
 * @param {Subject | undefined} before
 * @param {{ kind: SequencedEvent['kind'], isRequest: boolean, status: RequestState | undefined }} now
 */
function isOver(before, { kind, isRequest, status }) {
  if (isRequest && status !== undefined) return finalStates.includes(status);
  if (kind === 'success' || kind === 'failure') return true;
  return kind !== 'progress' && before?.isOver === true;
}

/** @param {Subject} subject @param {StateFilter} state */
function isIn(subject, state) {
  if (state === 'all') return true;
  return state === 'ended' ? subject.isOver : isRunning(subject);
}

export function createSubjects() {
  /** Those with the oldest activity first. @type {Map<string, Subject>} */
  let known = new Map();

  return {
    get size() {
      return known.size;
    },
    /** Sequence behind which older subjects are found. */
    get oldest() {
      const [first] = known.values();
      return first?.sequence;
    },
    /** @param {string} subject */
    find(subject) {
      return known.get(subject);
    },
    clear() {
      known = new Map();
    },
    /**
     * Takes in a part of the list, which may be older or newer than what is known.
     *
     * @param {readonly Subject[]} listed
     */
    merge(listed) {
      for (const state of listed) {
        const current = known.get(state.subject);
        const isNewer = current === undefined || current.sequence <= state.sequence;
        const { startedAt, isRequest } = state;
        known.set(
          state.subject,
          isNewer ? state : { ...current, ...(startedAt && { startedAt }), isRequest },
        );
      }
      known = new Map([...known].sort(([, a], [, b]) => a.sequence - b.sequence));
    },
    /**
     * @param {SequencedEvent} event
     * @returns {boolean} whether its subject was known before
     */
    apply(event) {
      const before = known.get(event.subject);
      if (before !== undefined && before.sequence >= event.sequence) return true;
      known.delete(event.subject);
      known.set(event.subject, followed(before, event));
      return before !== undefined;
    },
    /**
     * Those that match, newest activity first; `limit` of them.
     *
     * @param {{ state: StateFilter, text: string, limit: number }} filter
     * @returns {{ shown: Subject[], matching: number }}
     */
    select({ state, text, limit }) {
      const wanted = text.trim().toLowerCase();
      const matching = [...known.values()]
        .reverse()
        .filter(
          (each) =>
            isIn(each, state) &&
            (wanted === '' ||
              each.subject.toLowerCase().includes(wanted) ||
              each.text?.toLowerCase().includes(wanted) === true),
        );
      return { shown: matching.slice(0, limit), matching: matching.length };
    },
  };
}

/**
 * The same subjects, each where it was, and new ones before them: nothing moves away under a finger or a focus.
 *
 * @param {readonly Subject[]} subjects
 * @param {readonly string[]} order in which they stood
 * @returns {Subject[]}
 */
export function inPlace(subjects, order) {
  const byName = new Map(subjects.map((each) => [each.subject, each]));
  const stayed = order.flatMap((name) => byName.get(name) ?? []);
  const there = new Set(order);
  return [...subjects.filter(({ subject }) => !there.has(subject)), ...stayed];
}
