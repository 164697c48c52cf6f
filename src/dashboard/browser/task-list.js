import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Badge, Progress, shorten, SubjectName, Time } from './parts.js';
import { toCount, toDuration, wordsOfSubject } from './words.js';

const step = 50;
/** Pages of older tasks that are read without being asked for, when a filter matches few. */
const mostPagesAlone = 10;

/** @typedef {import('./subject.js').Subject} Subject */

/**
 * @param {object} properties
 * @param {import('./project-feed.js').ProjectFeed} properties.feed
 * @param {import('./subjects.js').StateFilter} properties.state
 * @param {string} properties.text
 * @param {number} properties.now
 */
export function TaskList({ feed, state, text, now }) {
  const view = JSON.stringify([state, text]);
  const [grown, setGrown] = useState({ view, limit: step });
  const limit = grown.view === view ? grown.limit : step;
  const pagesAlone = useRef(0);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const [announced, announce] = useState('');
  useEffect(() => {
    pagesAlone.current = 0;
  }, [feed, view]);

  const found = feed.subjects.select({ state, text });
  const matching = found.length;
  const { shown, newer, release, handlers } = useHeld(found, {
    find: feed.subjects.find,
    view,
    limit,
  });

  const isShort = matching < limit && feed.hasMoreSubjects;
  useEffect(() => {
    if (!isShort || pagesAlone.current >= mostPagesAlone || feed.phase !== 'live') return;
    void feed.loadMoreSubjects().then((isRead) => (pagesAlone.current += isRead ? 1 : 0));
  });

  const hasMore = matching > limit || feed.hasMoreSubjects;
  const onMore = () => {
    setGrown({ view, limit: limit + step });
    pagesAlone.current = 0;
  };
  /** @param {MouseEvent} event */
  const onRelease = ({ detail }) => {
    release();
    // The button goes. By keyboard (no click is counted) one goes on in the list.
    if (detail === 0) list.current?.focus();
  };
  const words = inWords(Math.min(matching, limit), { matching, hasMore, state, text });
  // Said when somebody filters, and not whenever a task is new: in a busy project that would never end.
  useEffect(() => announce(words), [view]);
  return html`<div class="pane-head">
      <h2 id="tasks-title">Tasks</h2>
      <p class="hint">${words}</p>
      <p class="unseen" role="status">${announced === words ? announced : ''}</p>
    </div>
    <div ...${handlers}>
      ${
        newer > 0 &&
        html`<button type="button" class="more" onClick=${onRelease}>Show ${newer} newer</button>`
      }
      <ul ref=${list} class="tasks" tabindex="-1" aria-label="Tasks, newest activity first">
        ${shown.map((task) => html`<${Task} key=${task.subject} task=${task} now=${now} />`)}
      </ul>
    </div>
    ${
      hasMore &&
      html`<button type="button" class="more" disabled=${feed.isLoadingSubjects} onClick=${onMore}>
        ${feed.isLoadingSubjects ? 'Loading …' : 'Show more'}
      </button>`
    }`;
}

/**
 * While a mouse or the focus of a keyboard is in the list, its rows stay as they are: nothing moves away under a finger. What is
 * new waits.
 *
 * @param {readonly Subject[]} found newest first
 * @param {{ find: (subject: string) => Subject | undefined, view: string, limit: number }} options another view, or limit, is
 *   another list
 */
function useHeld(found, { find, view, limit }) {
  const [hasMouse, setMouse] = useState(false);
  const [hasFocus, setFocus] = useState(false);
  const held = useRef({ view: '', limit, newest: 0, shown: /** @type {readonly Subject[]} */ ([]) });
  const [, draw] = useState(0);
  const before = held.current;
  const isSame = before.view === view && before.limit === limit && before.shown.length > 0;
  const isHeld = (hasMouse || hasFocus) && isSame;
  const shown = isHeld ? before.shown.map((each) => find(each.subject) ?? each) : found.slice(0, limit);
  const newest = isHeld ? before.newest : (shown[0]?.sequence ?? 0);
  held.current = { view, limit, newest, shown };
  const there = new Set(shown.map(({ subject }) => subject));
  const isMouse = (/** @type {PointerEvent} */ { pointerType }) => pointerType === 'mouse';
  return {
    shown,
    newer: found.filter(({ subject, sequence }) => sequence > newest && !there.has(subject)).length,
    release() {
      held.current = { view: '', limit, newest: 0, shown: [] };
      draw((count) => count + 1);
    },
    handlers: {
      // A finger that taps enters and never leaves.
      onPointerEnter: (/** @type {PointerEvent} */ event) => isMouse(event) && setMouse(true),
      onPointerLeave: () => setMouse(false),
      // One who clicks somewhere in it has gone on before long, and leaves the focus behind.
      onFocusIn: (/** @type {FocusEvent & { target: HTMLElement }} */ { target }) =>
        setFocus(target.matches(':focus-visible')),
      onFocusOut: (
        /** @type {FocusEvent & { currentTarget: HTMLElement }} */ { relatedTarget, currentTarget },
      ) => setFocus((had) => had && relatedTarget instanceof Node && currentTarget.contains(relatedTarget)),
    },
  };
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
