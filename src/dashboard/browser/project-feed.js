/** What the page knows of one project: a snapshot of its subjects and newest events, and everything that comes after. */
import { ApiError, getJson, toUrl } from './api.js';
import { followEvents } from './event-stream.js';
import { tellFailure } from './failure.js';
import { createRecentEvents } from './recent-events.js';
import { createSubjects } from './subjects.js';

const subjectsInPage = 200;
/** Sequences looked at for earlier events at a time. */
const eventsInPage = 500;
const eventsOfEachKind = 500;
/** Subjects that nobody has told of yet are asked about together; less and less often when that finds none of them. */
const askAgainMs = 1_000;
const longestAskMs = 30_000;
/** Pages of the list that are read to find them. */
const pagesAtATime = 5;
const retryMs = 3_000;

/**
 * @typedef {'loading' | 'live' | 'lost' | 'refused'} Phase
 * @typedef {import('../../core/status-event.js').SequencedEvent} SequencedEvent
 * @typedef {SequencedEvent['kind']} Kind
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
  let askMs = askAgainMs;
  let isOpen = false;
  let firstKept = 1;

  const feed = {
    project,
    subjects,
    events,
    phase: /** @type {Phase} */ ('loading'),
    /** Why the feed was refused. @type {import('./api.js').ApiError | undefined} */
    error: undefined,
    /** So many events happened while nobody looked, and the gateway no longer has them. */
    lost: 0,
    /** Whether the gateway may have more subjects than are known here. */
    hasMoreSubjects: false,
    isLoadingSubjects: false,
    /** Whether there are events of these kinds before those that are here. @param {readonly Kind[]} kinds */
    hasEarlierEvents: (kinds) => events.fromOf(kinds) > firstKept,
    isLoadingEvents: false,

    /** Subjects whose newest activity is older than that of all known ones. */
    async loadMoreSubjects() {
      if (feed.isLoadingSubjects || !feed.hasMoreSubjects) return;
      feed.isLoadingSubjects = true;
      onChange();
      await attempt(async () => {
        const { cuts, oldest } = subjects;
        const page = await askSubjects({ before: oldest });
        // Else the oldest are gone by now, and these would stand behind a hole.
        if (cuts === subjects.cuts) takeSubjects(page);
      });
      feed.isLoadingSubjects = false;
      onChange();
    },
    /** @param {readonly Kind[]} kinds */
    async loadEarlierEvents(kinds) {
      if (feed.isLoadingEvents || !feed.hasEarlierEvents(kinds)) return;
      feed.isLoadingEvents = true;
      onChange();
      await attempt(async () => {
        const to = events.fromOf(kinds) - 1;
        const after = Math.max(0, to - eventsInPage);
        const page = await askEvents({ after, limit: to - after });
        firstKept = page.first;
        events.addOlder(page.events, { from: after + 1, to });
      });
      feed.isLoadingEvents = false;
      onChange();
    },
    forgetLost() {
      feed.lost = 0;
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
      events.begin(after + 1);
      takeSubjects(page);
      firstKept = recent.first;
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
        const { cuts } = subjects;
        if (!subjects.apply(event)) askAboutNew();
        if (cuts !== subjects.cuts) feed.hasMoreSubjects = true;
        events.add(event);
        onChange();
      },
      onGap(gap) {
        feed.lost += gap.to - gap.from + 1;
        // What was missed may have changed any subject.
        feed.restart();
      },
      onConnection(isLive) {
        isOpen = isLive;
        feed.phase = isLive ? 'live' : 'lost';
        onChange();
      },
      async mayRetry(position) {
        let isOther = false;
        await attempt(async () => {
          try {
            await askEvents({ after: position, limit: 1 });
          } catch (error) {
            if (!(error instanceof ApiError && error.status === 400)) throw error;
            isOther = true;
          }
        });
        // The project was never there: it has begun anew, or stands where it stood earlier.
        if (isOther && !ended.signal.aborted) timer = setTimeout(begin, askAgainMs);
        return !isOther && feed.phase !== 'refused';
      },
    });
  }

  /** A subject that is new here may be a request, or an old one with a past. */
  function askAboutNew() {
    if (asking !== undefined) return;
    const mine = setTimeout(async () => {
      let found = 0;
      await attempt(async () => (found = await learnPasts()));
      if (asking !== mine) return;
      asking = undefined;
      askMs = found > 0 ? askAgainMs : Math.min(askMs * 2, longestAskMs);
      if (subjects.askedFrom === undefined) askMs = askAgainMs;
      else askAboutNew();
    }, askMs);
    asking = mine;
  }

  /** Reads the list until it is behind all that were asked for. @returns {Promise<number>} how many were found */
  async function learnPasts() {
    let found = 0;
    /** @type {number | undefined} */
    let before;
    for (let pages = 0; pages < pagesAtATime; pages += 1) {
      const { askedFrom } = subjects;
      if (askedFrom === undefined || (before !== undefined && before <= askedFrom)) break;
      /** @type {{ subjects: import('./subjects.js').Subject[] }} */
      const { subjects: listed } = await askSubjects({ before });
      found += subjects.merge(listed);
      onChange();
      before = listed.at(-1)?.sequence;
      if (before === undefined || listed.length < subjectsInPage) break;
    }
    return found;
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
      if (tellFailure(feed, error, { isOpen })) stop();
      onChange();
      return false;
    }
  }

  function stop() {
    stream?.close();
    stream = undefined;
    isOpen = false;
    clearTimeout(timer);
    clearTimeout(asking);
    asking = undefined;
  }

  void begin();
  return feed;
}
