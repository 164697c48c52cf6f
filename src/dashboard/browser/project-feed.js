/** What the page knows of one project: a snapshot of its subjects and newest events, and everything that comes after. */
import { ApiError, getJson, toUrl } from './api.js';
import { followEvents } from './event-stream.js';
import { tellFailure } from './failure.js';
import { createPastAsking } from './past-asking.js';
import { createRecentEvents } from './recent-events.js';
import { createSubjects } from './subjects.js';

const subjectsInPage = 200;
/** Sequences looked at for earlier events at a time. */
const eventsInPage = 500;
const eventsOfEachKind = 500;
const retryMs = 3_000;
const beginAnewMs = 1_000;

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
  let resting;
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

    /**
     * Subjects whose newest activity is older than that of all known ones.
     *
     * @returns {Promise<boolean>} whether they could be read. Else they count as being loaded for a while, so that nobody asks at once
     */
    async loadMoreSubjects() {
      if (feed.isLoadingSubjects || !feed.hasMoreSubjects) return false;
      feed.isLoadingSubjects = true;
      onChange();
      const isRead = await attempt(async () => {
        const { cuts, oldest } = subjects;
        const page = await askSubjects({ before: oldest });
        // Else the oldest are gone by now, and these would stand behind a hole.
        if (cuts !== subjects.cuts) return;
        subjects.addOlder(page.subjects);
        feed.hasMoreSubjects = page.subjects.length === subjectsInPage;
      });
      const goOn = () => {
        feed.isLoadingSubjects = false;
        onChange();
      };
      if (isRead) goOn();
      else if (!ended.signal.aborted) resting = setTimeout(goOn, retryMs);
      return isRead;
    },
    /** @param {readonly Kind[]} kinds */
    async loadEarlierEvents(kinds) {
      if (feed.isLoadingEvents || !feed.hasEarlierEvents(kinds)) return;
      feed.isLoadingEvents = true;
      onChange();
      await attempt(async () => {
        const to = events.fromOf(kinds) - 1;
        const after = Math.max(0, to - eventsInPage);
        events.addOlder(await readEvents(after, to), { from: after + 1, to });
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
      clearTimeout(resting);
      stop();
    },
  };

  /**
   * @param {{ before?: number | undefined, limit?: number }} [query]
   * @returns {Promise<{ last: number, subjects: import('./subject.js').Subject[] }>}
   */
  function askSubjects({ before, limit = subjectsInPage } = {}) {
    return getJson(toUrl(['status', project, 'subjects'], { limit, before }), ended.signal);
  }

  /**
   * @param {{ after: number, limit: number }} query
   * @returns {Promise<{ events: SequencedEvent[], first: number, last: number, next: number }>}
   */
  function askEvents(query) {
    return getJson(toUrl(['status', project], query), ended.signal);
  }

  /**
   * All events behind one sequence up to another: where they are large, the gateway ends a page before its limit.
   *
   * @param {number} after
   * @param {number} to
   */
  async function readEvents(after, to) {
    /** @type {SequencedEvent[]} */
    const found = [];
    let position = after;
    let last = to;
    while (position < Math.min(to, last)) {
      const page = await askEvents({ after: position, limit: to - position });
      found.push(...page.events);
      firstKept = page.first;
      position = page.next;
      last = page.last;
    }
    return found;
  }

  async function begin() {
    const isThere = await attempt(async () => {
      const page = await askSubjects();
      const after = Math.max(0, page.last - eventsInPage);
      const recent = await readEvents(after, page.last);
      subjects.clear();
      subjects.merge(page.subjects);
      feed.hasMoreSubjects = page.subjects.length === subjectsInPage;
      events.begin(after + 1);
      for (const event of recent) events.add(event);
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
        if (!subjects.apply(event)) pasts.askSoon();
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
        if (isOther && !ended.signal.aborted) timer = setTimeout(begin, beginAnewMs);
        return !isOther && feed.phase !== 'refused';
      },
    });
  }

  /**
   * Does something with the gateway; false when it failed, which `phase` tells.
   *
   * @param {() => Promise<unknown>} work
   * @returns {Promise<boolean>}
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
    pasts.stop();
  }

  const pasts = createPastAsking(subjects, { askSubjects, attempt, onChange });
  void begin();
  return feed;
}
