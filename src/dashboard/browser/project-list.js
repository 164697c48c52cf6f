import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, getJson, toUrl } from './api.js';
import { toAddress } from './address.js';
import { toCount, toDuration } from './words.js';

const askEveryMs = 2_000;
const mostProjects = 500;

/**
 * @typedef {{ project: string, last: number, time: number, subjects: number }} Project
 * @typedef {{ phase: 'loading' | 'live' | 'lost' | 'refused', projects: readonly Project[], error: ApiError | undefined }} Projects
 */

/**
 * The projects, asked for again and again while the page is seen.
 *
 * @param {number} attempt another one begins anew
 * @returns {Projects}
 */
export function useProjects(attempt) {
  const [state, setState] = useState(
    /** @type {Projects} */ ({ phase: 'loading', projects: [], error: undefined }),
  );
  useEffect(() => {
    const left = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    async function ask() {
      clearTimeout(timer);
      if (!document.hidden) {
        try {
          const { projects } = await getJson(toUrl(['status'], { limit: mostProjects }), left.signal);
          setState({ phase: 'live', projects, error: undefined });
        } catch (error) {
          if (left.signal.aborted) return;
          if (error instanceof ApiError && error.isAboutToken) {
            setState({ phase: 'refused', projects: [], error });
            return;
          }
          setState(({ projects }) => ({ phase: 'lost', projects, error: undefined }));
        }
      }
      if (!left.signal.aborted) timer = setTimeout(ask, askEveryMs);
    }
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [attempt]);
  return state;
}

/**
 * @param {object} properties
 * @param {Projects} properties.projects
 * @param {string | null} properties.chosen
 * @param {number} properties.now
 * @param {(project: string) => void} properties.onChoose
 */
export function ProjectList({ projects: { projects, phase }, chosen, now, onChoose }) {
  if (projects.length === 0) {
    if (phase === 'loading') return html`<p class="hint">Loading the projects …</p>`;
    if (phase === 'lost') return html`<p class="hint">The gateway does not answer yet.</p>`;
    return html`<div class="empty">
      <p>No project yet.</p>
      <p class="hint">
        A project is there as soon as something tells its status: a service that calls
        <code>context.progress()</code> for a request with a <code>Project</code> header, or
        <code>POST /status/PROJECT</code>.
      </p>
    </div>`;
  }
  /** @param {MouseEvent} event @param {string} project */
  const onClick = (event, project) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onChoose(project);
  };
  return html`<ul class="projects">
      ${projects.map(
        ({ project, time, subjects }) =>
          html`<li key=${project}>
            <a
              href=${toAddress({ project })}
              aria-current=${project === chosen ? 'page' : undefined}
              onClick=${(/** @type {MouseEvent} */ event) => onClick(event, project)}
            >
              <span class="name">${project}</span>
              <span class="facts">${toCount(subjects, 'task')} · ${toAgo(now - time)}</span>
            </a>
          </li>`,
      )}
    </ul>
    ${
      projects.length >= mostProjects &&
      html`<p class="hint">
        The ${mostProjects} with the newest activity. There may be more: <code>?project=NAME</code> in the
        address shows any.
      </p>`
    }`;
}

/** @param {number} ms */
function toAgo(ms) {
  return ms < 5_000 ? 'just now' : `${toDuration(ms).replace(/ \d+ (?:s|min|h)$/u, '')} ago`;
}
