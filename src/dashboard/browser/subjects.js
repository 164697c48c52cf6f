/**
 * Where everything in a project stands: the newest state of each subject, in the order of its activity. Follows the gateway's
 * own rules, so that a page that is reloaded shows the same.
 */
import { finalStates, kindsOfStates, requestStates } from './vocabulary.js';

/** Above `most` subjects those with the oldest activity are let go, down to `kept`: projects may have new ones for ever. */
const limits = { kept: 5_000, most: 6_000 };
/** Of a text in the list, as the gateway cuts it there. */
const longestText = 1_000;

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
 * @typedef {Subject & {
 *   saidOver: boolean | undefined,
 *   acceptedAt: number | undefined,
 * }} Known what its events say of its end, undefined when none did; and the sequence of the event that says it is a request
 * @typedef {'all' | 'running' | 'ended'} StateFilter
 */

/** A user, say, has events without ever being at work. @param {Subject} subject */
export function isRunning({ isOver, isRequest, percent, kind }) {
  return !isOver && (isRequest || percent !== undefined || kind === 'progress');
}

/**
 * The state that an event may tell, by the rule of core/told-state.ts: it stands alone in the data, in an event of its kind.
 *
 * @param {Pick<SequencedEvent, 'kind' | 'percent' | 'data'>} event
 * @returns {RequestState | undefined}
 */
export function toldState({ kind, percent, data }) {
  if (percent !== undefined || typeof data !== 'object' || data === null) return undefined;
  if (!('status' in data) || Object.keys(data).length !== 1) return undefined;
  return requestStates.find((state) => state === data.status && kindsOfStates[state] === kind);
}

/**
 * @param {Known | undefined} before
 * @param {SequencedEvent} event
 * @returns {Known}
 */
function followed(before, event) {
  const { subject, kind, sequence, time } = event;
  /** @type {Partial<Known>} */
  const { percent, text, status, saidOver, acceptedAt } = before ?? {};
  const told = toldState(event);
  const isRequest = before?.isRequest === true || told === 'accepted';
  return toKnown({
    ...{ subject, kind, sequence, time, isRequest },
    percent: event.percent ?? percent,
    text: event.text?.slice(0, longestText) ?? text,
    status: (isRequest ? told : undefined) ?? status,
    saidOver: saysOver(kind) ?? saidOver,
    startedAt: before === undefined ? time : before.startedAt,
    acceptedAt: acceptedAt ?? (isRequest ? sequence : undefined),
  });
}

/** @param {SequencedEvent['kind']} kind */
function saysOver(kind) {
  if (kind === 'progress') return false;
  return kind === 'success' || kind === 'failure' ? true : undefined;
}

/**
 * What the list says, with what events behind it have said already.
 *
 * @param {Known | undefined} current
 * @param {Subject} listed
 * @returns {Known}
 */
function merged(current, listed) {
  const { isRequest, isOver, sequence } = listed;
  const seen = { ...listed, saidOver: isOver, acceptedAt: isRequest ? sequence : undefined };
  if (current === undefined || current.sequence <= sequence) return seen;
  const becameRequest = isRequest || (current.acceptedAt ?? 0) > sequence;
  return toKnown({
    ...current,
    percent: current.percent ?? listed.percent,
    text: current.text ?? listed.text,
    status: becameRequest ? (current.status ?? listed.status) : undefined,
    startedAt: listed.startedAt,
    isRequest: becameRequest,
    saidOver: current.saidOver ?? isOver,
  });
}

/**
 * @typedef {'subject' | 'kind' | 'sequence' | 'time' | 'isRequest'} Sure
 * @param {Pick<Known, Sure> & { [Name in Exclude<keyof Known, Sure | 'isOver'>]: Known[Name] | undefined }} facts
 * @returns {Known}
 */
function toKnown({ percent, text, status, startedAt, ...facts }) {
  const { isRequest, saidOver } = facts;
  return {
    ...facts,
    isOver: isRequest && status !== undefined ? finalStates.includes(status) : saidOver === true,
    ...(percent === undefined ? {} : { percent }),
    ...(text === undefined ? {} : { text }),
    ...(status === undefined ? {} : { status }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

/** @param {Subject} subject @param {StateFilter} state */
function isIn(subject, state) {
  if (state === 'all') return true;
  return state === 'ended' ? subject.isOver : isRunning(subject);
}

/** @param {{ kept: number, most: number }} [bounds] */
export function createSubjects({ kept, most } = limits) {
  /** Those with the oldest activity first. @type {Map<string, Known>} */
  let known = new Map();
  /** Those of `known` whose past is not, with the first event that was heard of them. @type {Map<string, number>} */
  const withoutPast = new Map();
  let cuts = 0;

  function cut() {
    if (known.size <= most) return;
    cuts += 1;
    for (const name of known.keys()) {
      if (known.size <= kept) break;
      known.delete(name);
      withoutPast.delete(name);
    }
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
    /** Sequence down to which the list has to be read to learn the past of all; undefined when it is known. */
    get askedFrom() {
      return withoutPast.size === 0 ? undefined : Math.min(...withoutPast.values());
    },
    /** @param {string} subject */
    find(subject) {
      return known.get(subject);
    },
    clear() {
      cuts += 1;
      known = new Map();
      withoutPast.clear();
    },
    /**
     * Takes in a part of the list, which may be older or newer than what is known.
     *
     * @param {readonly Subject[]} listed
     * @returns {number} of how many the past was learned by it
     */
    merge(listed) {
      let found = 0;
      for (const state of listed) {
        const current = known.get(state.subject);
        known.set(state.subject, merged(current, state));
        // An older list knows nothing of what has become a request since.
        const isSure = state.isRequest || (current?.acceptedAt ?? 0) <= state.sequence;
        if (isSure && withoutPast.delete(state.subject)) found += 1;
      }
      known = new Map([...known].sort(([, a], [, b]) => a.sequence - b.sequence));
      return found;
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
      if (isNews && !withoutPast.has(subject)) withoutPast.set(subject, sequence);
      cut();
      return !withoutPast.has(subject);
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
