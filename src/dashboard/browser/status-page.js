/** `/dashboard/status`: the projects, and everything that goes on in one of them. */
import { html, render } from 'htm/preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { readAddress, toAddress } from './address.js';
import { EventList } from './event-list.js';
import { oncePerFrame } from './frame.js';
import { Frame, Refusal, useNow } from './parts.js';
import { createProjectFeed } from './project-feed.js';
import { ProjectList, useProjects } from './project-list.js';
import { TaskList } from './task-list.js';
import { toCount } from './words.js';

/** @typedef {import('./project-feed.js').ProjectFeed} ProjectFeed */

function StatusPage() {
  const [view, setView] = useState(readAddress);
  const [attempt, setAttempt] = useState(0);
  const projects = useProjects(attempt);
  const now = useNow();
  const { project } = view;
  const feed = useFeed(project);
  useEffect(() => {
    const onBack = () => setView(readAddress());
    window.addEventListener('popstate', onBack);
    return () => window.removeEventListener('popstate', onBack);
  }, []);
  useEffect(() => {
    document.title = project === null ? 'Status - replyto' : `${project} - Status - replyto`;
  }, [project]);

  const wasChosen = useRef(false);
  /** @param {string} chosen */
  const choose = (chosen) => {
    wasChosen.current = true;
    history.pushState(null, '', toAddress({ project: chosen }));
    setView(readAddress());
    window.scrollTo(0, 0);
  };
  /** @param {Partial<import('./address.js').View>} change */
  const change = (change) => {
    history.replaceState(null, '', toAddress({ ...view, ...change }));
    setView(readAddress());
  };
  const onToken = () => {
    setAttempt(attempt + 1);
    feed?.restart();
  };
  const error = projects.error ?? feed?.error;
  if (error?.isAboutToken) {
    return html`<${Frame} phase="refused"
      ><${Refusal} key=${attempt} error=${error} onToken=${onToken}
    /><//>`;
  }
  return html`<${Frame} phase=${feed?.phase ?? projects.phase}>
    <div class=${`layout ${project === null ? 'choosing' : ''}`}>
      <nav class="side" aria-labelledby="projects-title">
        <h2 id="projects-title">Projects</h2>
        <${ProjectList} projects=${projects} chosen=${project} now=${now} onChoose=${choose} />
      </nav>
      ${
        feed === null
          ? html`<section class="hello">
              <h1>Status</h1>
              ${projects.projects.length > 0 && html`<p class="hint">Choose a project to see its tasks as they go on.</p>`}
            </section>`
          : html`<${Project}
              key=${project}
              feed=${feed}
              view=${view}
              now=${now}
              takesFocus=${wasChosen.current}
              onChange=${change}
              onToken=${onToken}
            />`
      }
    </div>
  <//>`;
}

/** @param {string | null} project @returns {ProjectFeed | null} which draws the page anew once per frame when it changes */
function useFeed(project) {
  const [, draw] = useState(0);
  const [redraw, feed] = useMemo(() => {
    const redraw = oncePerFrame(() => draw((count) => count + 1));
    return [redraw, project === null ? null : createProjectFeed(project, redraw)];
  }, [project]);
  useEffect(
    () => () => {
      redraw.cancel();
      feed?.close();
    },
    [feed],
  );
  return feed;
}

/** @type {readonly { value: import('./subjects.js').StateFilter, label: string }[]} */
const states = [
  { value: 'all', label: 'All' },
  { value: 'running', label: 'Running' },
  { value: 'ended', label: 'Ended' },
];

/**
 * @param {object} properties
 * @param {ProjectFeed} properties.feed
 * @param {import('./address.js').View} properties.view
 * @param {number} properties.now
 * @param {boolean} properties.takesFocus where that which had it is not shown any more
 * @param {(change: Partial<import('./address.js').View>) => void} properties.onChange
 * @param {() => void} properties.onToken
 */
function Project({ feed, view: { state, text }, now, takesFocus, onChange, onToken }) {
  const title = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const { activeElement } = document;
    const isSeen = activeElement !== document.body && activeElement?.checkVisibility() === true;
    if (takesFocus && !isSeen) title.current?.focus();
  }, []);
  const [pane, setPane] = useState(/** @type {'tasks' | 'events'} */ ('tasks'));
  return html`<section class="project">
    <div class="title">
      <a class="back" href=${toAddress({})}>All projects</a>
      <h1 ref=${title} tabindex="-1">${feed.project}</h1>
    </div>
    ${
      feed.error !== undefined
        ? html`<${Refusal} error=${feed.error} onToken=${onToken} />`
        : html`<${Notices} feed=${feed} />
            <search class="filters">
              <fieldset class="segments">
                <legend>State of tasks</legend>
                ${states.map(
                  ({ value, label }) =>
                    html`<label key=${value}>
                      <input
                        type="radio"
                        name="state"
                        checked=${state === value}
                        onChange=${() => onChange({ state: value })}
                      />
                      <span>${label}</span>
                    </label>`,
                )}
              </fieldset>
              <label class="search">
                <span class="unseen">Search tasks and events</span>
                <input
                  type="search"
                  placeholder="Search tasks and events"
                  value=${text}
                  onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ event) => onChange({ text: event.currentTarget.value })}
                />
              </label>
            </search>
            <div class="segments panes-choice" role="group" aria-label="What to show">
              <button type="button" aria-pressed=${pane === 'tasks'} onClick=${() => setPane('tasks')}>
                Tasks
              </button>
              <button type="button" aria-pressed=${pane === 'events'} onClick=${() => setPane('events')}>
                Messages
              </button>
            </div>
            <div class=${`panes show-${pane}`}>
              <section class="pane tasks-pane" aria-labelledby="tasks-title">
                ${
                  feed.phase === 'loading' && feed.subjects.size === 0
                    ? html`<p class="hint">Loading the tasks …</p>`
                    : html`<${TaskList} feed=${feed} state=${state} text=${text} now=${now} />`
                }
              </section>
              <section class="pane events-pane" aria-labelledby="events-title">
                <${EventList} feed=${feed} text=${text} now=${now} />
              </section>
            </div>`
    }
  </section>`;
}

/** @param {{ feed: ProjectFeed }} properties */
function Notices({ feed: { phase, lost, forgetLost } }) {
  return html`<div aria-live="polite">
    ${
      phase === 'lost' &&
      html`<p class="notice slim bad">
        Connection lost, trying again. What happens meanwhile is shown when it is back.
      </p>`
    }
    ${
      lost > 0 &&
      html`<p class="notice slim">
        ${toCount(lost, 'event is', 'events are')} no longer kept and could not be shown; the states below are
        current. <button type="button" class="plain" onClick=${forgetLost}>Hide</button>
      </p>`
    }
  </div>`;
}

const place = document.getElementById('page');
if (place !== null) render(html`<${StatusPage} />`, place);
