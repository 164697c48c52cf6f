/** What the page knows of one request: its status document, and its history as it grows. */
import { getJson, toUrl } from './api.js';
import { followEvents } from './event-stream.js';
import { tellFailure } from './failure.js';
import { finalStates } from './vocabulary.js';

const retryMs = 3_000;
/** A service may tell of its progress many times a second. */
const readAgainMs = 250;
/** Above `most` events of the history the oldest are let go, down to `kept`. */
const history = { kept: 5_000, most: 10_000 };

/**
 * @typedef {import('../../core/status-event.js').NumberedEvent} NumberedEvent
 * @typedef {import('../../schema/request-status.js').RequestStatus} RequestStatus
 * @typedef {ReturnType<typeof createRequestFeed>} RequestFeed
 */

/**
 * @param {string} id
 * @param {() => void} onChange
 */
export function createRequestFeed(id, onChange) {
  const left = new AbortController();
  /** @type {{ close(): void } | undefined} */
  let stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let reading;
  /** Answers may overtake each other: only what was asked later than the newest one is news. */
  let asked = 0;
  let taken = 0;
  let isOpen = false;

  const feed = {
    id,
    phase: /** @type {'loading' | 'live' | 'lost' | 'refused' | 'ended'} */ ('loading'),
    /** Why the feed was refused. @type {import('./api.js').ApiError | undefined} */
    error: undefined,
    request: /** @type {RequestStatus | undefined} */ (undefined),
    /** In their order. @type {NumberedEvent[]} */
    events: [],
    /** Whether older events were let go. */
    isCut: false,
    /** Begins again, with another token for example. */
    restart() {
      stop();
      feed.phase = 'loading';
      feed.error = undefined;
      onChange();
      void begin();
    },
    close() {
      left.abort();
      stop();
    },
  };

  async function begin() {
    if (await read()) follow();
    else if (!left.signal.aborted && feed.phase !== 'refused') timer = setTimeout(begin, retryMs);
  }

  function follow() {
    const last = feed.events.at(-1)?.number ?? 0;
    stream = followEvents((after) => toUrl(['requests', id, 'events'], { after }), last, {
      /** @param {NumberedEvent} event */
      onEvent(event) {
        take(event);
        reading ??= setTimeout(() => void read(), readAgainMs);
        onChange();
      },
      onGap: () => undefined,
      onConnection(isLive) {
        isOpen = isLive;
        feed.phase = isLive ? 'live' : 'lost';
        onChange();
      },
      mayRetry: async () => {
        const isThere = await read();
        // The gateway ends the stream when the request has ended and all of its history was told.
        if (isThere && feed.request !== undefined && finalStates.includes(feed.request.status)) {
          feed.phase = 'ended';
          onChange();
          return false;
        }
        return feed.phase !== 'refused';
      },
    });
  }

  /** @param {NumberedEvent} event */
  function take(event) {
    const { events } = feed;
    if (event.number <= (events.at(-1)?.number ?? 0)) return;
    events.push(event);
    if (events.length <= history.most) return;
    events.splice(0, events.length - history.kept);
    feed.isCut = true;
  }

  async function read() {
    clearTimeout(reading);
    reading = undefined;
    asked += 1;
    const turn = asked;
    try {
      const request = await getJson(toUrl(['requests', id]), left.signal);
      if (turn > taken) {
        taken = turn;
        feed.request = request;
      }
      feed.error = undefined;
      onChange();
      return true;
    } catch (error) {
      if (left.signal.aborted) return false;
      if (tellFailure(feed, error, { isOpen })) stop();
      // The next event may be long in coming.
      else if (isOpen) reading ??= setTimeout(() => void read(), retryMs);
      onChange();
      return false;
    }
  }

  function stop() {
    stream?.close();
    stream = undefined;
    isOpen = false;
    clearTimeout(timer);
    clearTimeout(reading);
    reading = undefined;
  }

  void begin();
  return feed;
}
