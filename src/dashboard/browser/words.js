/** What people read: states, times, durations. */
import { isRunning } from './subject.js';

/**
 * @typedef {import('./subject.js').Subject} Subject
 * @typedef {import('../../core/request.js').RequestState} RequestState
 * @typedef {'running' | 'waiting' | 'good' | 'bad' | 'stopped' | 'quiet'} Tone
 * @typedef {{ label: string, tone: Tone }} StateWords
 */

/** @type {Record<RequestState, StateWords>} */
const requestWords = {
  accepted: { label: 'Accepted', tone: 'waiting' },
  sent: { label: 'Running', tone: 'running' },
  replied: { label: 'Replied', tone: 'good' },
  faulted: { label: 'Failed', tone: 'bad' },
  expired: { label: 'Expired', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'stopped' },
  completed: { label: 'Sent', tone: 'good' },
};

/** @type {Record<Subject['kind'], StateWords>} */
const kindWords = {
  progress: { label: 'Progress', tone: 'running' },
  success: { label: 'Success', tone: 'good' },
  failure: { label: 'Failure', tone: 'bad' },
  log: { label: 'Log', tone: 'quiet' },
  'user-action': { label: 'User action', tone: 'waiting' },
};

/** @param {Subject['kind']} kind */
export function wordsOfKind(kind) {
  return kindWords[kind];
}

/** @param {RequestState} state */
export function wordsOfRequest(state) {
  return requestWords[state];
}

/** @param {Subject} subject @returns {StateWords} */
export function wordsOfSubject(subject) {
  const { status, kind, isOver } = subject;
  if (status !== undefined) return requestWords[status];
  if (isOver) {
    if (kind === 'success') return { label: 'Done', tone: 'good' };
    return kind === 'failure' ? { label: 'Failed', tone: 'bad' } : { label: 'Ended', tone: 'stopped' };
  }
  return isRunning(subject) ? { label: 'Running', tone: 'running' } : { label: 'Active', tone: 'quiet' };
}

/** @param {number} ms */
export function toDuration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
});
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

/** The time of today, the date of other days. @param {number} at @param {number} now */
export function toShortTime(at, now) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return (isToday ? clock : dayAndClock).format(at);
}

/** @param {number} at */
export function toWholeTime(at) {
  return whole.format(at);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function toCount(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** @param {number} percent */
export function toPercent(percent) {
  return `${Math.floor(percent * 10) / 10} %`;
}
