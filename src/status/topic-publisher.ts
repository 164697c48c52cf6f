/**
 * Publish-Subscribe Channel (https://www.enterpriseintegrationpatterns.com/PublishSubscribeChannel.html): puts the numbered
 * events of each project on `/topic/status.{project}` at the broker, in order, each with its `Sequence`. Guarantee: what the
 * broker confirmed is noted in the store a moment later; whatever dies before that is published again, so a subscriber
 * who is there all the time hears everything at least once, and knows a repetition by its number. An absent broker
 * is waited for; an event that it refuses is counted and passed over. What retention has removed meanwhile is not published.
 * Shutdown: what is under way is confirmed, or published again later.
 */
import type { Destination } from '#core/destination.js';
import { topic } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { Message } from '#core/message.js';
import { isMessageId } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { EventLog, Unpublished } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Meter } from '#core/ports/meter.js';
import type { SequencedEvent } from '#core/status-event.js';
import { createTimers } from '#messaging/timers.js';
import type { SequencerDuty } from './sequencer-duty.js';
import { createWakeableTask } from './wakeable-task.js';

export interface TopicPublisherOptions {
  readonly log: Pick<EventLog, 'unpublished' | 'page' | 'markPublished'>;
  readonly duty: SequencerDuty;
  /** Keeps the order of what is published to one topic. */
  readonly channel: MessageChannel;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

export interface TopicPublisher {
  start(): void;
  /** These were numbered. */
  wake(events: readonly SequencedEvent[]): void;
  stop(): Promise<void>;
}

/** Projects at a time, and events of each: they bound what is in memory. */
const projectsAtOnce = 8;
const eventsAtOnce = 64;
const lookEveryMs = 1_000;
/** Each note is a commit, and events may come one by one: those of so many milliseconds share one. */
const noteAfterMs = 250;
/** A topic that took an event too late is left alone for so long: it may be full, and others are not. */
const postponeMs = 5_000;
/** More of them at a time are tried again earlier. */
const mostPostponed = 100;

/** The topic of a project, for whoever subscribes at the broker. */
function statusTopic(project: string): Destination {
  return topic(`status.${project}`);
}

export function createTopicPublisher(options: TopicPublisherOptions): TopicPublisher {
  const { log, duty, channel, clock, logger, meter } = options;
  let isStopping = false;
  /** Projects whose topics did not take an event, and until when they are left alone. */
  const postponed = new Map<string, number>();
  const task = createWakeableTask({
    run: publishAll,
    onFailure: (error) => logger.warn({ err: error }, 'status events could not be published'),
    everyMs: lookEveryMs,
    clock,
  });
  const timers = createTimers(clock);
  /** What was confirmed, by project, and is not noted in the store yet. */
  const reached = new Map<string, number>();
  /** Of those, and of those under way, the ones that have more. */
  const more = new Set<string>();
  const underWay = new Set<string>();
  let isNoteDue = false;
  let stopListening = (): void => undefined;

  async function publishAll(): Promise<void> {
    while (!hasStopped() && channel.isUp()) {
      const lacking = await findLacking();
      if (lacking.length === 0 || !(await duty.hold())) return;
      for (const { project } of lacking) underWay.add(project);
      try {
        await Promise.all(lacking.map(publishSome));
      } finally {
        // Without a position here, the log says where to go on.
        for (const project of underWay) if (!reached.has(project)) more.delete(project);
        underWay.clear();
      }
    }
  }

  async function findLacking(): Promise<readonly Unpublished[]> {
    const alone = leftAlone();
    const known = [...more]
      .filter((project) => !alone.includes(project))
      .map((project) => ({ project, published: reached.get(project) }))
      .filter((one): one is Unpublished => one.published !== undefined);
    if (known.length > 0) return known.slice(0, projectsAtOnce);
    return log.unpublished(projectsAtOnce, [...alone, ...reached.keys()]);
  }

  /** In one turn, so that the store makes one commit of them. */
  async function note(): Promise<void> {
    isNoteDue = false;
    await Promise.all(
      [...reached].map(async ([project, sequence]) => {
        await log.markPublished(project, sequence);
        if (reached.get(project) !== sequence) return;
        reached.delete(project);
        more.delete(project);
      }),
    );
    task.wake();
  }

  function noteSoon(): void {
    if (isNoteDue) return;
    isNoteDue = true;
    timers.after(noteAfterMs, () => {
      note().catch((error: unknown) => {
        logger.warn({ err: error }, 'what was published could not be noted');
        noteSoon();
      });
    });
  }

  function leftAlone(): string[] {
    const now = clock.monotonic();
    for (const [project, until] of postponed) {
      if (until <= now || postponed.size > mostPostponed) postponed.delete(project);
    }
    return [...postponed.keys()];
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopping;
  }

  async function publishSome({ project, published }: Unpublished): Promise<void> {
    // Before the log is read: what is numbered from now on may be behind this page.
    more.delete(project);
    const { events, through, last } = await log.page(project, { after: published, limit: eventsAtOnce });
    // All at once: the channel keeps their order.
    const outcomes = await Promise.all(events.map(publish));
    const failed = outcomes.indexOf('not taken');
    const confirmed = failed === -1 ? through : (events[failed]?.sequence ?? published + 1) - 1;
    // Of a broker that is away the channel tells when it is back.
    if (failed !== -1 && channel.isUp()) postponed.set(project, clock.monotonic() + postponeMs);
    reached.set(project, confirmed);
    if (confirmed < last) more.add(project);
    noteSoon();
  }

  async function publish(event: SequencedEvent): Promise<'done' | 'not taken'> {
    try {
      await channel.publish(statusTopic(event.project), toMessage(event));
      meter.count('events-published');
    } catch (error) {
      if (isReplytoError(error) && error.retryable) return 'not taken';
      meter.count('events-unpublished');
      logger.warn({ err: error, project: event.project }, 'the broker refused a status event');
    }
    return 'done';
  }

  return {
    wake(events) {
      for (const { project } of events) {
        if (reached.has(project) || underWay.has(project)) more.add(project);
      }
      task.wake();
    },
    start() {
      stopListening = channel.onUp(() => task.wake());
      task.start();
    },
    async stop() {
      isStopping = true;
      stopListening();
      await task.stop();
      timers.stop();
      await note().catch((error: unknown) =>
        logger.warn({ err: error }, 'what was published could not be noted'),
      );
    },
  };
}

function toMessage(event: SequencedEvent): Message {
  const { id, project, sequence, kind, subject, time } = event;
  // The body has them all; as headers they are left out where no header can hold them.
  const inHeaders = Object.entries({ project, subject }).filter(
    ([name, text]) => headerProblem(name, text) === undefined,
  );
  return {
    messageId: isMessageId(id) ? id : `status-event-${sequence}`,
    correlationId: null,
    replyTo: null,
    time,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(event)),
    properties: { ...Object.fromEntries(inHeaders), sequence, eventKind: kind },
    applicationHeaders: {},
  };
}
