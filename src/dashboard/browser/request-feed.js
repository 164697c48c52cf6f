/** What the page knows of one request: its status document, and its history as it grows. */
import { getJson, toUrl } from './api.js';
import { followEvents } from './event-stream.js';
import { tellFailure } from './failure.js';

const retryMs = 3_000;
/** A service may tell of its progress many times a second. */
const readAgainMs = 250;
/** The most that the gateway gives at once. */
const eventsInPage = 1_000;
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
  /** @type {Promise<boolean> | undefined} */
  let ending;

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
        if (isLive) feed.phase = 'live';
        else void hasEnded();
        onChange();
      },
      mayRetry: async () => !(await hasEnded()) && feed.phase !== 'refused',
    });
  }

  /**
   * EventSource tells neither a cut connection nor a refusal from the end of the stream, which comes when all was told: the
   * gateway knows. Until it has said so, nothing is lost.
   */
  function hasEnded() {
    ending ??= findEnd().finally(() => (ending = undefined));
    return ending;
  }

  async function findEnd() {
    const isWhole = await attempt(readOn);
    // Behind the events, else it may be older than they are.
    const isEnd = (await read()) && isWhole === true;
    if (isEnd) {
      stop();
      feed.phase = 'ended';
    } else if (!isOpen && feed.phase === 'live') {
      feed.phase = 'lost';
    }
    onChange();
    return isEnd;
  }

  /** @returns {Promise<boolean>} whether the request has ended and its history is whole */
  async function readOn() {
    const query = { after: feed.events.at(-1)?.number ?? 0, limit: eventsInPage };
    const page = await getJson(toUrl(['requests', id, 'events'], query), left.signal);
    for (const event of page.events) take(event);
    return page.isOver;
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

  /** The status document. @returns {Promise<boolean>} whether it came */
  async function read() {
    clearTimeout(reading);
    reading = undefined;
    asked += 1;
    const turn = asked;
    const request = await attempt(() => getJson(toUrl(['requests', id]), left.signal));
    // The next event may be long in coming.
    if (request === undefined && isOpen) reading ??= setTimeout(() => void read(), retryMs);
    if (request === undefined) return false;
    if (turn > taken) {
      taken = turn;
      feed.request = request;
    }
    feed.error = undefined;
    onChange();
    return true;
  }

  /**
   * What the gateway says; undefined when it failed, which `phase` tells.
   *
   * @template Answer
   * @param {() => Promise<Answer>} ask
   */
  async function attempt(ask) {
    try {
      return await ask();
    } catch (error) {
      if (left.signal.aborted) return undefined;
      if (tellFailure(feed, error, { isOpen })) stop();
      onChange();
      return undefined;
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
