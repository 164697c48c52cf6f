/**
 * Any instance may take the reply to any request, and its caller waits at the instance that accepted it. So whoever changes a
 * request tells that one, on the topic `{prefix}.settled.{instance}`; it reads the record and wakes its waiters.
 * Guarantee: none is needed of a notice. Whoever waits here, also for a request that another instance accepted, is asked
 * about in the store every second, all in one query. Failure: of the store, asked again the next second. Shutdown: at once.
 */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import type { NoticeTopicOptions } from './notice-topic.js';
import { createNoticeTopic } from './notice-topic.js';
import type { RequestWatch } from './request-watch.js';
import { createTimers } from './timers.js';

export interface SettledNoticesOptions extends NoticeTopicOptions {
  readonly store: Pick<RequestStore, 'find' | 'versions'>;
  readonly watch: Pick<RequestWatch, 'watched' | 'isWatched' | 'tellWaiters'>;
  readonly instance: string;
  /** Of an instance. */
  readonly topicOf: (instance: string) => Destination;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface SettledNotices {
  /** The request was changed here. */
  tell(record: Pick<RequestRecord, 'id' | 'acceptedBy'>): void;
  /** Begins to ask the store; resolves when notices are heard, which needs the broker. */
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

/** What one notice names: beyond this the next one takes the rest. */
const mostIds = 500;
/** For an instance whose notices are not confirmed: it asks the store anyway. */
const mostWaitingIds = 10_000;
const askEveryMs = 1_000;
/** So many in one query. */
const askedAtOnce = 5_000;
/** Others want to read, too. */
const readAtOnce = 20;

export function createSettledNotices(options: SettledNoticesOptions): SettledNotices {
  const { store, watch, instance, topicOf, clock, logger } = options;
  const topic = createNoticeTopic<{ readonly requestIds: readonly string[] }>(options, readNotice);
  /** What each instance is not told of yet, because it is just being told of others. */
  const untold = new Map<string, Set<string>>();
  /** Versions seen of what is waited for here. */
  let seen = new Map<string, number>();
  const timers = createTimers(clock);
  let isStopped = false;

  async function tellAll(other: string): Promise<void> {
    for (let ids = untold.get(other); ids !== undefined && ids.size > 0; ids = untold.get(other)) {
      const some = [...ids].slice(0, mostIds);
      for (const id of some) ids.delete(id);
      try {
        if (options.channel.isUp()) await topic.publish(topicOf(other), { requestIds: some });
      } catch (error) {
        logger.debug({ err: error, instance: other }, 'a notice was not confirmed');
      }
    }
    untold.delete(other);
  }

  async function look(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += askedAtOnce) {
      const some = ids.slice(from, from + askedAtOnce);
      const versions = await store.versions(some);
      const changed = some.filter((id) => versions.has(id) && versions.get(id) !== seen.get(id));
      for (let next = 0; next < changed.length; next += readAtOnce) {
        await Promise.all(changed.slice(next, next + readAtOnce).map(tellWaitersOf));
      }
    }
  }

  async function tellWaitersOf(id: string): Promise<void> {
    const record = await store.find(id);
    if (record === null) return;
    // Only now: a record that could not be read is read the next second.
    seen.set(id, record.version);
    watch.tellWaiters({ record, reply: null });
  }

  async function askStore(): Promise<void> {
    const ids = watch.watched();
    const waitedFor = new Set(ids);
    seen = new Map([...seen].filter(([id]) => waitedFor.has(id)));
    try {
      await look(ids);
    } catch (error) {
      logger.warn({ err: error }, 'cannot ask the store about requests that are waited for');
    }
  }

  async function onNotice(requestIds: readonly string[]): Promise<void> {
    try {
      await look(requestIds.filter((id) => watch.isWatched(id)));
    } catch (error) {
      logger.debug({ err: error }, 'a notice came to nothing; the store is asked again');
    }
  }

  const listener = topic.listener(topicOf(instance), ({ requestIds }) => void onNotice(requestIds));

  return {
    tell({ id, acceptedBy }) {
      if (isStopped || acceptedBy === null || acceptedBy === instance) return;
      const known = untold.get(acceptedBy);
      if (known !== undefined) {
        if (known.size < mostWaitingIds) known.add(id);
        return;
      }
      untold.set(acceptedBy, new Set([id]));
      void tellAll(acceptedBy);
    },
    start() {
      timers.every(askEveryMs, askStore);
      return listener.start();
    },
    stop(deadlineMs) {
      isStopped = true;
      timers.stop();
      return listener.stop(deadlineMs);
    },
  };
}

function readNotice({
  requestIds,
}: Readonly<Record<string, unknown>>): { readonly requestIds: readonly string[] } | undefined {
  if (!Array.isArray(requestIds)) return undefined;
  return { requestIds: requestIds.filter((id) => typeof id === 'string') };
}
