/** What both pages are made of. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { getToken, setToken } from './api.js';
import { toPercent, toShortTime, toWholeTime } from './words.js';

/** @typedef {import('./words.js').StateWords} StateWords */

/** @returns {number} now, once a second */
export function useNow() {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** @param {{ words: StateWords }} properties */
export function Badge({ words: { label, tone } }) {
  return html`<span class=${`badge ${tone}`}>${label}</span>`;
}

/** @param {{ at: number, now: number }} properties */
export function Time({ at, now }) {
  // Events may be kept from a time when any number was taken.
  if (Number.isNaN(new Date(at).getTime())) return html`<span>${at}</span>`;
  const instant = new Date(at).toISOString();
  return html`<time datetime=${instant} title=${toWholeTime(at)}>${toShortTime(at, now)}</time>`;
}

/**
 * How much is done. What ended well is full, whatever was told last; what runs without a figure shows none.
 *
 * @param {{ name: string, percent: number | undefined, words: StateWords }} properties
 */
export function Progress({ name, percent, words: { tone } }) {
  const done = tone === 'good' ? 100 : percent;
  if (done === undefined) return null;
  return html`<div class=${`progress ${tone}`}>
    <progress max="100" value=${done} aria-label=${`Progress of ${name}`}>${toPercent(done)}</progress>
    <span class="figure" aria-hidden="true">${toPercent(done)}</span>
  </div>`;
}

const connections = {
  loading: ['waiting', 'Loading'],
  live: ['good', 'Live'],
  lost: ['bad', 'Connection lost, trying again'],
  refused: ['stopped', 'Not connected'],
  ended: ['quiet', 'Complete'],
};

/** @param {{ phase: keyof typeof connections, children?: unknown }} properties */
export function Frame({ phase, children }) {
  const [tone, text] = connections[phase];
  // Read each time: whoever logs in gets no other frame.
  const token = getToken();
  const onForget = () => {
    setToken(null);
    location.reload();
  };
  const statusPage = new URL('../status', import.meta.url).pathname;
  const docs = new URL('../../docs', import.meta.url).pathname;
  return html`<a class="skip" href="#main">To the content</a>
    <header class="top">
      <a class="brand" href=${statusPage}
        ><img src=${new URL('icon.svg', import.meta.url).pathname} alt="" width="24" height="24" />replyto</a
      >
      <nav aria-label="Pages">
        <a href=${statusPage}>Status</a>
        <a href=${docs}>API</a>
      </nav>
      <p class=${`connection ${tone}`} role="status">${text}</p>
      ${token !== null && html`<button type="button" class="plain" onClick=${onForget}>Forget token</button>`}
    </header>
    <main id="main" tabindex="-1">${children}</main>`;
}

/**
 * What is shown instead when the gateway refuses: where a token may help, it is asked for.
 *
 * @param {{ error: import('./api.js').ApiError, onToken: () => void }} properties
 */
export function Refusal({ error, onToken }) {
  if (error.isAboutToken) return html`<${TokenForm} error=${error} onToken=${onToken} />`;
  return html`<section class="notice bad" role="alert">
    <h2>${error.status === 404 ? 'Not found' : 'The gateway refused this'}</h2>
    <p>${error.message}</p>
  </section>`;
}

/** @param {{ error: import('./api.js').ApiError, onToken: () => void }} properties */
function TokenForm({ error, onToken }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => field.current?.focus(), []);
  const isKnown = getToken() !== null;
  const reason = !isKnown
    ? 'This gateway asks who calls. Give it your token to go on.'
    : error.status === 403
      ? 'Your token has no right to this. Another one may.'
      : 'The gateway does not take this token. It may be misspelt, withdrawn or expired.';
  /** @param {SubmitEvent} event */
  const onSubmit = (event) => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? '';
    if (token === '') return;
    setToken(token);
    onToken();
  };
  return html`<section class="notice">
    <h2>${error.status === 403 ? 'Not permitted' : 'Log in'}</h2>
    <p id="why">${reason}</p>
    <form class="token" onSubmit=${onSubmit}>
      <label for="token">Token</label>
      <input
        ref=${field}
        id="token"
        type="password"
        autocomplete="off"
        spellcheck=${false}
        required
        aria-describedby="why token-kept"
      />
      <button type="submit">Go on</button>
    </form>
    <p class="hint" id="token-kept">It is kept in this tab alone, until you close it.</p>
  </section>`;
}

/** A request has a page of its own. @param {{ subject: string, isRequest: boolean }} properties */
export function SubjectName({ subject, isRequest }) {
  if (!isRequest) return subject;
  const page = new URL(`../requests/${encodeURIComponent(subject)}`, import.meta.url).pathname;
  return html`<a href=${page}>${subject}</a>`;
}

/** Data of an event, as text. @param {{ data: unknown }} properties */
export function Data({ data }) {
  if (data === undefined) return null;
  return html`<details>
    <summary>Data</summary>
    <pre tabindex="0">${JSON.stringify(data, null, 2).slice(0, longestText)}</pre>
  </details>`;
}

/** More of one text is of no use in a list. */
const longestText = 4_000;

/** @param {string} text */
export function shorten(text) {
  return text.length > longestText ? `${text.slice(0, longestText)} …` : text;
}
