import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { Badge, Data, shorten, Time } from './parts.js';
import { eventKinds } from './vocabulary.js';
import { toPercent, wordsOfKind } from './words.js';

const step = 50;

/**
 * @typedef {import('../../core/status-event.js').StatusEvent} StatusEvent
 * @typedef {StatusEvent['kind']} Kind
 */

/**
 * Messages and user actions of a project, and its other events when they are asked for.
 *
 * @param {object} properties
 * @param {import('./project-feed.js').ProjectFeed} properties.feed
 * @param {string} properties.text
 * @param {number} properties.now
 */
export function EventList({ feed, text, now }) {
  const [kinds, setKinds] = useState(/** @type {readonly Kind[]} */ (['log', 'user-action']));
  const [limit, setLimit] = useState(step);
  useEffect(() => setLimit(step), [feed, text, kinds]);
  const { shown, matching } = feed.events.select({ kinds, text, limit });
  /** @param {Kind} kind */
  const toggle = (kind) =>
    setKinds(kinds.includes(kind) ? kinds.filter((each) => each !== kind) : [...kinds, kind]);
  const hasMore = matching > shown.length || feed.hasEarlierEvents;
  const onMore = () => {
    setLimit(limit + step);
    if (matching <= limit + step) void feed.loadEarlierEvents();
  };
  return html`<fieldset class="kinds">
      <legend>Kinds of events</legend>
      ${eventKinds.map(
        (kind) =>
          html`<label key=${kind} class="chip">
            <input type="checkbox" checked=${kinds.includes(kind)} onChange=${() => toggle(kind)} />
            <span>${wordsOfKind(kind).label}</span>
          </label>`,
      )}
    </fieldset>
    ${shown.length === 0 && html`<p class="hint">${emptyWords(kinds, text)}</p>`}
    <ol class="events" aria-label="Events, newest first">
      ${shown.map((event) => html`<${EventRow} key=${event.sequence} event=${event} subject=${event.subject} now=${now} />`)}
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
 * @param {string} [properties.subject] what it is about, where that is not plain
 * @param {number} properties.now
 */
export function EventRow({ event: { kind, time, text, percent, data }, subject, now }) {
  return html`<li class="event">
    <div class="head">
      <${Badge} words=${wordsOfKind(kind)} />
      ${subject !== undefined && html`<span class="subject">${subject}</span>`}
      ${percent !== undefined && html`<span class="figure">${toPercent(percent)}</span>`}
      <${Time} at=${time} now=${now} />
    </div>
    ${text !== undefined && html`<p class="text">${shorten(text)}</p>`}
    <${Data} data=${data} />
  </li>`;
}
