/** What the page knows of one project: a snapshot of its subjects and newest events, and everything that comes after. */
import { getJson, toUrl } from './api.js';
import { followEvents } from './event-stream.js';
import { tellFailure } from './failure.js';
import { createRecentEvents } from './recent-events.js';
import { createSubjects } from './subjects.js';

const subjectsInPage = 200;
/** Sequences looked at for earlier events at a time. */
const eventsInPage = 500;
const eventsOfEachKind = 500;
/** Subjects that nobody has told of yet are asked about together. */
const askAgainMs = 1_000;
const retryMs = 3_000;

/**
 * @typedef {'loading' | 'live' | 'lost' | 'refused'} Phase
 * @typedef {import('../../core/status-event.js').SequencedEvent} SequencedEvent
 * @typedef {ReturnType<typeof createProjectFeed>} ProjectFeed
 */

/**
 * @param {string} project
 * @param {() => void} onChange
 */
export function createProjectFeed(project, onChange) {
  const subjects = createSubjects();
  const events = createRecentEvents({ ofEachKind: eventsOfEachKind });
  const ended = new AbortController();
  /** @type {{ close(): void } | undefined} */
  let stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let asking;
  /** Events before this one have not been read. */
  let eventsFrom = 1;
  let firstKept = 1;

  const feed = {
    project,
    subjects,
    events,
    phase: /** @type {Phase} */ ('loading'),
    /** Why the feed was refused. @type {import('./api.js').ApiError | undefined} */
    error: undefined,
    /** Events that happened while nobody looked, and that the gateway no longer has. */
    lost: /** @type {{ from: number, to: number } | undefined} */ (undefined),
    /** Whether the gateway may have more subjects than are known here. */
    hasMoreSubjects: false,
    isLoadingSubjects: false,
    get hasEarlierEvents() {
      return eventsFrom > firstKept;
    },
    isLoadingEvents: false,

    /** Subjects whose newest activity is older than that of all known ones. */
    async loadMoreSubjects() {
      if (feed.isLoadingSubjects || !feed.hasMoreSubjects) return;
      feed.isLoadingSubjects = true;
      onChange();
      await attempt(async () => takeSubjects(await askSubjects({ before: subjects.oldest })));
      feed.isLoadingSubjects = false;
      onChange();
    },
    async loadEarlierEvents() {
      if (feed.isLoadingEvents || !feed.hasEarlierEvents) return;
      feed.isLoadingEvents = true;
      onChange();
      await attempt(async () => {
        const after = Math.max(0, eventsFrom - 1 - eventsInPage);
        const page = await askEvents({ after, limit: eventsFrom - 1 - after });
        firstKept = page.first;
        eventsFrom = after + 1;
        events.addOlder(page.events);
      });
      feed.isLoadingEvents = false;
      onChange();
    },
    /** Begins again, with another token for example. */
    restart() {
      stop();
      feed.phase = 'loading';
      feed.error = undefined;
      onChange();
      void begin();
    },
    close() {
      ended.abort();
      stop();
    },
  };

  /** @param {{ before?: number | undefined }} [query] */
  function askSubjects(query = {}) {
    return getJson(toUrl(['status', project, 'subjects'], { limit: subjectsInPage, ...query }), ended.signal);
  }

  /** @param {{ after: number, limit: number }} query */
  function askEvents(query) {
    return getJson(toUrl(['status', project], query), ended.signal);
  }

  /** @param {{ subjects: import('./subjects.js').Subject[] }} page */
  function takeSubjects(page) {
    subjects.merge(page.subjects);
    feed.hasMoreSubjects = page.subjects.length === subjectsInPage;
  }

  async function begin() {
    const isThere = await attempt(async () => {
      const page = await askSubjects();
      const after = Math.max(0, page.last - eventsInPage);
      const recent = await askEvents({ after, limit: eventsInPage });
      subjects.clear();
      events.clear();
      takeSubjects(page);
      firstKept = recent.first;
      eventsFrom = after + 1;
      for (const event of recent.events) events.add(event);
      follow(page.last);
    });
    if (isThere || ended.signal.aborted || feed.phase === 'refused') return;
    timer = setTimeout(begin, retryMs);
  }

  /** @param {number} last */
  function follow(last) {
    stream?.close();
    stream = followEvents((after) => toUrl(['status', project], { after }), last, {
      /** @param {SequencedEvent} event */
      onEvent(event) {
        if (!subjects.apply(event)) askAboutNew();
        events.add(event);
        onChange();
      },
      onGap(gap) {
        feed.lost = gap;
        // What was missed may have changed any subject.
        feed.restart();
      },
      onConnection(isLive) {
        feed.phase = isLive ? 'live' : 'lost';
        onChange();
      },
      mayRetry: () => attempt(() => askEvents({ after: 0, limit: 1 })).then(() => feed.phase !== 'refused'),
    });
  }

  /** A subject that is new here may be a request, or an old one with a past. */
  function askAboutNew() {
    asking ??= setTimeout(() => {
      asking = undefined;
      void attempt(async () => {
        subjects.merge((await askSubjects()).subjects);
        onChange();
      });
    }, askAgainMs);
  }

  /**
   * Does something with the gateway; false when it failed, which `phase` tells.
   *
   * @param {() => Promise<unknown>} work
   */
  async function attempt(work) {
    try {
      await work();
      return true;
    } catch (error) {
      if (ended.signal.aborted) return false;
      if (tellFailure(feed, error)) stop();
      onChange();
      return false;
    }
  }

  function stop() {
    stream?.close();
    stream = undefined;
    clearTimeout(timer);
    clearTimeout(asking);
    asking = undefined;
  }

  void begin();
  return feed;
}
