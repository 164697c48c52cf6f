import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { Badge, Data, shorten, SubjectName, Time } from './parts.js';
import { eventKinds } from './vocabulary.js';
import { toPercent, wordsOfKind } from './words.js';

const step = 50;
/** What people look for comes first. @type {readonly Kind[]} */
const kindsInOrder = [...eventKinds].sort((a, b) => Number(isForPeople(b)) - Number(isForPeople(a)));

/**
 * @typedef {import('../../core/status-event.js').StatusEvent} StatusEvent
 * @typedef {StatusEvent['kind']} Kind
 */

/** @param {Kind} kind */
function isForPeople(kind) {
  return kind === 'log' || kind === 'user-action';
}

/**
 * Messages and user actions of a project, and its other events when they are asked for.
 *
 * @param {object} properties
 * @param {import('./project-feed.js').ProjectFeed} properties.feed
 * @param {string} properties.text
 * @param {number} properties.now
 */
export function EventList({ feed, text, now }) {
  const [kinds, setKinds] = useState(/** @type {readonly Kind[]} */ (eventKinds.filter(isForPeople)));
  const [limit, setLimit] = useState(step);
  useEffect(() => setLimit(step), [feed, text, kinds]);
  const { shown, matching } = feed.events.select({ kinds, text, limit });
  /** @param {Kind} kind */
  const toggle = (kind) =>
    setKinds(kinds.includes(kind) ? kinds.filter((each) => each !== kind) : [...kinds, kind]);
  const hasMore = matching > shown.length || feed.hasEarlierEvents(kinds);
  const onMore = () => {
    const oldest = feed.events.select({ kinds, text, limit: limit + step }).shown.at(-1);
    if (oldest !== undefined) feed.events.keep(kinds, oldest);
    setLimit(limit + step);
    if (matching <= limit + step) void feed.loadEarlierEvents(kinds);
  };
  return html`<div class="pane-head"><h2 id="events-title">Messages and actions</h2></div>
    <fieldset class="kinds">
      <legend>Kinds of events</legend>
      ${kindsInOrder.map(
        (kind) =>
          html`<label key=${kind} class="chip">
            <input type="checkbox" checked=${kinds.includes(kind)} onChange=${() => toggle(kind)} />
            <span>${wordsOfKind(kind).label}</span>
          </label>`,
      )}
    </fieldset>
    ${shown.length === 0 && html`<p class="hint">${emptyWords(kinds, text)}</p>`}
    <ol class="events" aria-label="Events, newest first">
      ${shown.map((event) => html`<${EventRow} key=${event.sequence} event=${event} about=${feed.subjects.find(event.subject) ?? { subject: event.subject, isRequest: false }} now=${now} />`)}
    </ol>
    ${
      hasMore &&
      html`<button type="button" class="more" disabled=${feed.isLoadingEvents} onClick=${onMore}>
        ${feed.isLoadingEvents ? 'Loading …' : 'Show earlier'}
      </button>`
    }`;
}

/** @param {readonly Kind[]} kinds @param {string} text */
function emptyWords(kinds, text) {
  if (kinds.length === 0) return 'No kind is chosen.';
  return text.trim() === '' ? 'None of these lately.' : 'None of these matches the search.';
}

/**
 * @param {object} properties
 * @param {StatusEvent} properties.event
 * @param {{ subject: string, isRequest: boolean }} [properties.about] where that is not plain
 * @param {number} properties.now
 */
export function EventRow({ event: { kind, time, text, percent, data }, about, now }) {
  return html`<li class="event">
    <div class="head">
      <${Badge} words=${wordsOfKind(kind)} />
      ${percent !== undefined && html`<span class="figure">${toPercent(percent)}</span>`}
      <${Time} at=${time} now=${now} />
    </div>
    ${about !== undefined && html`<p class="subject"><${SubjectName} ...${about} /></p>`}
    ${text !== undefined && html`<p class="text">${shorten(text)}</p>`}
    <${Data} data=${isOwnWord(data) ? undefined : data} />
  </li>`;
}

/** What the gateway tells of a request itself says the same in its text. @param {unknown} data */
function isOwnWord(data) {
  return typeof data === 'object' && data !== null && Object.keys(data).join() === 'status';
}
