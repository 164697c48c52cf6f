/** `/dashboard/requests/{id}`: one request, and its history. */
import { html, render } from 'htm/preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { EventRow } from './event-list.js';
import { oncePerFrame } from './frame.js';
import { Badge, Data, Frame, Progress, Refusal, shorten, Time, useNow } from './parts.js';
import { createRequestFeed } from './request-feed.js';
import { finalStates } from './vocabulary.js';
import { toDuration, wordsOfRequest } from './words.js';

const step = 100;

/** @typedef {import('../../schema/request-status.js').RequestStatus} RequestStatus */

/** @param {{ id: string }} properties */
function RequestPage({ id }) {
  const [, draw] = useState(0);
  const now = useNow();
  const feed = useMemo(
    () =>
      createRequestFeed(
        id,
        oncePerFrame(() => draw((count) => count + 1)),
      ),
    [id],
  );
  useEffect(() => {
    document.title = `${id} - Request - replyto`;
    return () => feed.close();
  }, [feed]);
  const { phase, error, request, events, isCut } = feed;
  return html`<${Frame} phase=${phase}>
    <article class="request">
      <div class="title">
        ${request !== undefined && html`<${Back} request=${request} />`}
        <p class="over">Request</p>
        <h1>${id}</h1>
        ${request !== undefined && html`<${Badge} words=${wordsOfRequest(request.status)} />`}
      </div>
      <div aria-live="polite">
        ${
          phase === 'lost' &&
          html`<p class="notice slim bad">
            Connection lost, trying again. What happens meanwhile is shown when it is back.
          </p>`
        }
      </div>
      ${error !== undefined && html`<${Refusal} key=${error} error=${error} onToken=${feed.restart} />`}
      ${error === undefined && request === undefined && html`<p class="hint">Loading the request …</p>`}
      ${
        error === undefined &&
        request !== undefined &&
        html`<${State} request=${request} now=${now} />
          <${History} events=${events} isCut=${isCut} now=${now} />`
      }
    </article>
  <//>`;
}

/** @param {{ request: RequestStatus }} properties */
function Back({ request: { project } }) {
  const status = new URL('../status', import.meta.url);
  if (project === null) return html`<a class="back" href=${status.pathname}>All projects</a>`;
  status.searchParams.set('project', project);
  return html`<a class="back" href=${`${status.pathname}${status.search}`}>${project}</a>`;
}

/** @param {{ request: RequestStatus, now: number }} properties */
function State({ request, now }) {
  const { id, status, queue, project, progress, fault, replyTo, attempts, late, verified, replies } = request;
  const words = wordsOfRequest(status);
  const created = Date.parse(request.createdAt);
  const isOver = finalStates.includes(status);
  const replied = toTime(request.repliedAt, now);
  /** @type {readonly [string, unknown][]} */
  const facts = [
    ['Queue', queue],
    ['Project', project],
    ['Reply goes also to', replyTo],
    ['Accepted', toTime(request.createdAt, now)],
    ['Sent to the queue', toTime(request.sentAt, now)],
    ['Replied', replied],
    ['Waiting for', isOver ? null : toDuration(now - created)],
    ['Took', request.repliedAt === null ? null : toDuration(Date.parse(request.repliedAt) - created)],
    ['Expires', isOver ? null : (toTime(request.expiresAt, now) ?? 'never')],
    ['Attempts to send', attempts > 1 ? attempts : null],
    ['Replies kept', replies > 1 ? replies : null],
    ['Late', late ? 'the reply came after the request had ended' : null],
    ['Body', verified === false ? 'the service saw another body than the one that was sent' : null],
  ];
  return html`<section class="card" aria-label="State">
    <${Progress} name=${id} percent=${progress?.percent ?? undefined} words=${words} />
    ${typeof progress?.text === 'string' && html`<p class="latest">${shorten(progress.text)}</p>`}
    ${
      fault !== null &&
      html`<div class="notice bad">
        <h2>Fault <code>${fault.code}</code></h2>
        <p>${shorten(fault.message)}</p>
        ${
          fault.retryable !== undefined &&
          html`<p class="hint">Asking again ${fault.retryable ? 'may' : 'will not'} help.</p>`
        }
        <${Data} data=${fault.details} />
      </div>`
    }
    <dl>
      ${facts
        .filter(([, value]) => value !== null && value !== undefined)
        .map(
          ([name, value]) =>
            html`<div key=${name}>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
  </section>`;
}

/** @param {string | null} instant @param {number} now */
function toTime(instant, now) {
  return instant === null ? null : html`<${Time} at=${Date.parse(instant)} now=${now} />`;
}

/**
 * @param {object} properties
 * @param {readonly import('./request-feed.js').NumberedEvent[]} properties.events
 * @param {boolean} properties.isCut whether there were others before them
 * @param {number} properties.now
 */
function History({ events, isCut, now }) {
  const [limit, setLimit] = useState(step);
  const shown = events.slice(-limit).reverse();
  return html`<section aria-labelledby="history-title">
    <h2 id="history-title">History</h2>
    ${events.length === 0 && html`<p class="hint">Loading the history …</p>`}
    <ol class="events card" aria-label="History, newest first">
      ${shown.map((event) => html`<${EventRow} key=${event.number} event=${event} now=${now} />`)}
    </ol>
    ${
      events.length > limit &&
      html`<button type="button" class="more" onClick=${() => setLimit(limit + step)}>Show earlier</button>`
    }
    ${isCut && events.length <= limit && html`<p class="hint">What was before is in the API alone.</p>`}
  </section>`;
}

const place = document.getElementById('page');
const id = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
if (place !== null) render(html`<${RequestPage} id=${id} />`, place);
