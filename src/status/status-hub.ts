/**
 * Brings the numbered events of each project to whoever follows it in this process: event streams, WebSockets, long polls.
 * A follower has a position, and takes from there what is newest out of memory and what is older out of the log; so it
 * misses nothing and gets nothing twice, whatever happens meanwhile. Back-pressure: a follower without room is given
 * nothing until it asks again; what it missed is in the log. Memory: the newest events of projects that are followed, 64 MiB
 * of JSON in all, and one page for each follower that catches up. Failure of the log: the follower is ended, so that its client resumes.
 */
import { groupBy } from '#core/group-by.js';
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { EventFilter, SequencedEvent } from '#core/status-event.js';
import type { StatusSink, StatusSubscription } from './status-subscription.js';
import type { Follower } from './follower.js';
import { createFollower } from './follower.js';
import type { RecentEvents } from './recent-events.js';
import { createRecentEvents } from './recent-events.js';

interface SubscribeOptions {
  /** Only what comes after this event. */
  readonly after: number;
  readonly filter?: EventFilter;
  readonly sink: StatusSink;
}

export interface StatusHub {
  subscribe(project: string, options: SubscribeOptions): StatusSubscription;
  /** Numbered events, each project in order. Resolves when they were brought to all who have room; others are served between. */
  push(events: readonly SequencedEvent[]): Promise<void>;
  /** The projects that are followed, with the number of the newest event of each that was pushed; 0 when none was. */
  followed(): ReadonlyMap<string, number>;
  /** Ends every subscription, now and in future. */
  stop(): void;
  readonly subscriptions: number;
}

interface Feed {
  readonly recent: RecentEvents;
  readonly followers: Set<Follower>;
}

/** Of JSON, for the newest events of all projects; whose events come least often go to the log first. */
const mostRecentBytes = 64 * 1024 * 1024;
/** Followers served in one turn. */
const servedAtOnce = 500;

export function createStatusHub(options: {
  readonly log: Pick<EventLog, 'page'>;
  readonly logger: Logger;
  readonly clock: Clock;
}): StatusHub {
  const feeds = new Map<string, Feed>();
  let isStopped = false;
  let size = 0;
  let recentBytes = 0;

  function feedOf(project: string): Feed {
    const known = feeds.get(project);
    if (known !== undefined) return known;
    const feed = { recent: createRecentEvents(), followers: new Set<Follower>() };
    feeds.set(project, feed);
    return feed;
  }

  const othersTurn = (): Promise<void> => new Promise((resolve) => void options.clock.after(0, resolve));

  function keep(project: string, feed: Feed, events: readonly SequencedEvent[]): void {
    recentBytes -= feed.recent.bytes;
    feed.recent.add(events);
    recentBytes += feed.recent.bytes;
    // Those with the newest events stand last.
    feeds.delete(project);
    feeds.set(project, feed);
    if (recentBytes <= mostRecentBytes) return;
    for (const { recent } of feeds.values()) {
      recentBytes -= recent.bytes;
      recent.forget();
      if (recentBytes <= mostRecentBytes) return;
    }
  }

  return {
    subscribe(project, { after, filter = {}, sink }) {
      if (isStopped) {
        sink.end();
        return { resume: () => undefined, close: () => undefined, position: after };
      }
      const feed = feedOf(project);
      const follower = createFollower({
        ...{ ...options, project, after, filter, sink },
        recent: feed.recent,
        onEnd: () => {
          if (!feed.followers.delete(follower)) return;
          size -= 1;
          if (feed.followers.size > 0) return;
          feeds.delete(project);
          recentBytes -= feed.recent.bytes;
        },
      });
      feed.followers.add(follower);
      size += 1;
      follower.proceed();
      return follower;
    },
    async push(events) {
      const news = [...groupBy(events, ({ project }) => project)].flatMap(([project, ofProject]) => {
        const feed = feeds.get(project);
        if (feed === undefined) return [];
        keep(project, feed, ofProject);
        return [...feed.followers];
      });
      for (const [index, follower] of news.entries()) {
        if (index > 0 && index % servedAtOnce === 0) await othersTurn();
        follower.proceed();
      }
    },
    followed: () => new Map([...feeds].map(([project, { recent }]) => [project, recent.last])),
    stop() {
      isStopped = true;
      for (const { followers } of [...feeds.values()]) {
        for (const follower of [...followers]) follower.end();
      }
    },
    get subscriptions() {
      return size;
    },
  };
}
