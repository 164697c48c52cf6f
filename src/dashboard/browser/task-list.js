import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Badge, Progress, shorten, SubjectName, Time } from './parts.js';
import { inPlace } from './subjects.js';
import { toCount, toDuration, wordsOfSubject } from './words.js';

const step = 50;
/** Pages of older tasks that are read without being asked for, when a filter matches few. */
const mostPagesAlone = 10;

/** @typedef {import('./subjects.js').Subject} Subject */

/**
 * @param {object} properties
 * @param {import('./project-feed.js').ProjectFeed} properties.feed
 * @param {import('./subjects.js').StateFilter} properties.state
 * @param {string} properties.text
 * @param {number} properties.now
 */
export function TaskList({ feed, state, text, now }) {
  const [limit, setLimit] = useState(step);
  const [isHeld, setHeld] = useState(false);
  const order = useRef(/** @type {string[]} */ ([]));
  const pagesAlone = useRef(0);
  useEffect(() => {
    setLimit(step);
    order.current = [];
    pagesAlone.current = 0;
  }, [feed, state, text]);

  const { shown: newestFirst, matching } = feed.subjects.select({ state, text, limit });
  const shown = isHeld ? inPlace(newestFirst, order.current) : newestFirst;
  order.current = shown.map(({ subject }) => subject);

  const isShort = matching < limit && feed.hasMoreSubjects;
  useEffect(() => {
    if (!isShort || pagesAlone.current >= mostPagesAlone || feed.phase !== 'live') return;
    pagesAlone.current += 1;
    void feed.loadMoreSubjects();
  });

  const hasMore = matching > limit || feed.hasMoreSubjects;
  const onMore = () => {
    setLimit(limit + step);
    pagesAlone.current = 0;
  };
  const hold = { onMouseEnter: () => setHeld(true), onMouseLeave: () => setHeld(false) };
  const holdFocus = { onFocusIn: () => setHeld(true), onFocusOut: () => setHeld(false) };
  return html`<div class="pane-head">
      <h2 id="tasks-title">Tasks</h2>
      <p class="hint" role="status">${inWords(shown.length, { matching, hasMore, state, text })}</p>
    </div>
    <ul class="tasks" aria-label="Tasks, newest activity first" ...${hold} ...${holdFocus}>
      ${shown.map((task) => html`<${Task} key=${task.subject} task=${task} now=${now} />`)}
    </ul>
    ${
      hasMore &&
      html`<button type="button" class="more" disabled=${feed.isLoadingSubjects} onClick=${onMore}>
        ${feed.isLoadingSubjects ? 'Loading …' : 'Show more'}
      </button>`
    }`;
}

/**
 * @param {number} count
 * @param {{ matching: number, hasMore: boolean, state: string, text: string }} facts
 */
function inWords(count, { matching, hasMore, state, text }) {
  const isFiltered = state !== 'all' || text.trim() !== '';
  if (count === 0) {
    if (hasMore) return 'None found yet among the newest tasks.';
    return isFiltered ? 'No task matches the filter.' : 'Nothing has happened in this project yet.';
  }
  const found = toCount(matching, isFiltered ? 'task matches' : 'task', isFiltered ? 'tasks match' : 'tasks');
  if (!hasMore && count === matching) return found;
  return `The newest ${count} of ${hasMore && matching <= count ? 'many tasks' : found}`;
}

/** @param {{ task: Subject, now: number }} properties */
function Task({ task, now }) {
  const { subject, text, percent, isRequest, isOver, time, startedAt } = task;
  const words = wordsOfSubject(task);
  return html`<li class="task">
    <h3><${SubjectName} subject=${subject} isRequest=${isRequest} /></h3>
    <${Badge} words=${words} />
    <p class="text">${text === undefined ? '' : shorten(text)}</p>
    <div class="standing">
      <${Progress} name=${subject} percent=${percent} words=${words} />
      <p class="times">${toTimes({ isOver, time, startedAt, now })}</p>
    </div>
  </li>`;
}

/** @param {{ isOver: boolean, time: number, startedAt: number | undefined, now: number }} facts */
function toTimes({ isOver, time, startedAt, now }) {
  if (startedAt === undefined) return html`last told at <${Time} at=${time} now=${now} />`;
  const since = html`since <${Time} at=${startedAt} now=${now} />`;
  if (!isOver) return html`${since} · <span class="whole">${toDuration(now - startedAt)}</span>`;
  return html`ended <${Time} at=${time} now=${now} /> ·
    <span class="whole">took ${toDuration(time - startedAt)}</span>`;
}
