/**
 * Events are numbered by one instance and followed at all of them. The one that numbers tells the others on the topic
 * `{prefix}.numbered` which projects have news; each reads those that are followed there, once for all its followers, and brings them to its hub.
 * Whoever lets events in and does not number tells that, too.
 * Guarantee: none is needed of a notice: every second the newest numbers of the projects followed here are asked of the log.
 * Failure: read the next second. Shutdown: at once.
 */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { SequencedEvent } from '#core/status-event.js';
import type { NoticeTopicOptions } from '#messaging/notice-topic.js';
import { createNoticeTopic } from '#messaging/notice-topic.js';
import { createTimers } from '#messaging/timers.js';
import type { StatusHub } from './status-hub.js';

/** The newest number of each project; none when events have only entered. */
interface NumberedNotice {
  readonly instance: string;
  readonly projects: Readonly<Record<string, number>>;
}

export interface SharedEventsOptions extends NoticeTopicOptions {
  readonly log: Pick<EventLog, 'page' | 'lasts' | 'onEntry'>;
  readonly hub: Pick<StatusHub, 'followed' | 'push'>;
  readonly topic: Destination;
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether this instance numbers what enters. */
  readonly isSequencer: () => boolean;
  /** Events may wait for their numbers that entered elsewhere. */
  readonly onEntered: () => void;
}

export interface SharedEvents {
  /** They were numbered here. */
  tell(events: readonly SequencedEvent[]): void;
  /** Resolves when notices are heard, which needs the broker. */
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

/** Between two notices: many events may be numbered one by one. */
const tellAfterMs = 20;
const askEveryMs = 1_000;
/** Projects in one notice; those of the others are found by asking. */
const mostTold = 1_000;
/** Older ones are read by whoever lacks them. */
const mostRead = 200;

export function createSharedEvents(options: SharedEventsOptions): SharedEvents {
  const { log, hub, channel, topic, instance, clock, logger } = options;
  const notices = createNoticeTopic(options, readNotice);
  const untold = new Map<string, number>();
  /** Projects whose news are being read. */
  const reading = new Set<string>();
  const timers = createTimers(clock);
  let isTellingDue = false;
  let stopListening = (): void => undefined;
  let isStopped = false;

  function tellSoon(): void {
    if (isTellingDue) return;
    isTellingDue = true;
    timers.after(tellAfterMs, () => void tellNow());
  }

  async function tellNow(): Promise<void> {
    isTellingDue = false;
    const projects = Object.fromEntries(untold);
    untold.clear();
    if (!channel.isUp()) return;
    await notices.publish(topic, { instance, projects }).catch((error: unknown) => {
      logger.debug({ err: error }, 'others could not be told of new status events');
    });
  }

  /** `known`: the newest number that followers here have; undefined where nobody follows. */
  async function read(project: string, last: number, known: number | undefined): Promise<void> {
    if (known === undefined || known >= last || reading.has(project)) return;
    reading.add(project);
    try {
      const after = Math.max(known === 0 ? last - 1 : known, last - mostRead);
      const { events } = await log.page(project, { after, limit: mostRead });
      await hub.push(events);
    } finally {
      reading.delete(project);
    }
  }

  async function readAll(numbers: Iterable<readonly [project: string, last: number]>): Promise<void> {
    const followed = hub.followed();
    try {
      await Promise.all([...numbers].map(([project, last]) => read(project, last, followed.get(project))));
    } catch (error) {
      logger.warn({ err: error }, 'status events that others numbered could not be read');
    }
  }

  async function askLog(): Promise<void> {
    const projects = [...hub.followed().keys()];
    if (projects.length === 0) return;
    try {
      await readAll(await log.lasts(projects));
    } catch (error) {
      logger.warn({ err: error }, 'cannot ask for status events that others numbered');
    }
  }

  const listener = notices.listener(topic, (notice) => {
    if (notice.instance === instance) return;
    options.onEntered();
    void readAll(Object.entries(notice.projects));
  });

  return {
    tell(events) {
      if (isStopped) return;
      for (const { project, sequence } of events) {
        if (untold.has(project) || untold.size < mostTold) untold.set(project, sequence);
      }
      if (untold.size > 0) tellSoon();
    },
    start() {
      stopListening = log.onEntry(() => {
        // Whoever numbers here knows it already.
        if (!options.isSequencer()) tellSoon();
      });
      timers.every(askEveryMs, askLog);
      return listener.start();
    },
    stop(deadlineMs) {
      isStopped = true;
      stopListening();
      timers.stop();
      return listener.stop(deadlineMs);
    },
  };
}

function readNotice({ instance, projects }: Readonly<Record<string, unknown>>): NumberedNotice | undefined {
  if (typeof instance !== 'string' || typeof projects !== 'object' || projects === null) return undefined;
  const numbers = Object.entries(projects).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return { instance, projects: Object.fromEntries(numbers) };
}
