/**
 * Where one subject of a project stands, from the list of the gateway and the events since. Follows the gateway's own rules, so
 * that a page that is reloaded shows the same.
 */
import { finalStates, kindsOfStates, requestStates } from './vocabulary.js';

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
 *   told: RequestState | undefined,
 *   saidOver: boolean | undefined,
 *   acceptedAt: number | undefined,
 * }} Known `told`: the state that its events tell, which is its `status` when it is a request; what they say of its end, undefined
 *   when none did; and the sequence of the event that says it is a request
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
export function followed(before, event) {
  const { subject, kind, sequence, time } = event;
  /** @type {Partial<Known>} */
  const { percent, text, saidOver, acceptedAt } = before ?? {};
  const told = toldState(event) ?? before?.told;
  const isRequest = before?.isRequest === true || toldState(event) === 'accepted';
  return toKnown({
    ...{ subject, kind, sequence, time, isRequest, told },
    percent: event.percent ?? percent,
    text: event.text?.slice(0, longestText) ?? text,
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
export function merged(current, listed) {
  const { isRequest, isOver, sequence } = listed;
  const seen = {
    ...listed,
    told: listed.status,
    saidOver: isOver,
    acceptedAt: isRequest ? sequence : undefined,
  };
  if (current === undefined || current.sequence <= sequence) return seen;
  const { subject, kind, time, percent, text, told, saidOver, acceptedAt } = current;
  return toKnown({
    ...{ subject, kind, time, acceptedAt, sequence: current.sequence },
    percent: percent ?? listed.percent,
    text: text ?? listed.text,
    told: told ?? listed.status,
    startedAt: listed.startedAt,
    isRequest: isRequest || (acceptedAt ?? 0) > sequence,
    saidOver: saidOver ?? isOver,
  });
}

/**
 * @typedef {'subject' | 'kind' | 'sequence' | 'time' | 'isRequest'} Sure
 * @param {Pick<Known, Sure> & { [Name in Exclude<keyof Known, Sure | 'isOver' | 'status'>]: Known[Name] | undefined }} facts
 * @returns {Known}
 */
function toKnown({ percent, text, startedAt, ...facts }) {
  const { isRequest, saidOver, told } = facts;
  const status = isRequest ? told : undefined;
  return {
    ...facts,
    isOver: status !== undefined ? finalStates.includes(status) : saidOver === true,
    ...(percent === undefined ? {} : { percent }),
    ...(text === undefined ? {} : { text }),
    ...(status === undefined ? {} : { status }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}
