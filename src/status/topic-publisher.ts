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
const mostFailed = 100;

/** The topic of a project, for whoever subscribes at the broker. */
function statusTopic(project: string): Destination {
  return topic(`status.${project}`);
}

export function createTopicPublisher(options: TopicPublisherOptions): TopicPublisher {
  const { log, duty, channel, clock, logger, meter } = options;
  let isStopping = false;
  /** Projects whose topics did not take an event, and until when they are left alone; then they are tried with one. */
  const failed = new Map<string, number>();
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
  const underWay = new Map<string, Promise<void>>();
  let isNoteDue = false;
  let stopListening = (): void => undefined;

  /** Begins with what lacks events, and leaves what is under way alone: one topic that is slow holds up no other. */
  async function publishAll(): Promise<void> {
    while (!hasStopped() && channel.isUp() && underWay.size < projectsAtOnce) {
      const lacking = await findLacking(projectsAtOnce - underWay.size);
      if (lacking.length === 0 || !(await duty.hold())) return;
      for (const one of lacking) begin(one);
    }
  }

  function begin(lacking: Unpublished): void {
    const { project } = lacking;
    const work = publishSome(lacking)
      .catch((error: unknown) => {
        logger.warn({ err: error, project }, 'status events could not be published');
        // It lacks the same events still, and would be begun with again at once.
        postpone(project);
      })
      .then(() => {
        underWay.delete(project);
        // Without a position here, the log says where to go on.
        if (!reached.has(project)) more.delete(project);
        task.wake();
      });
    underWay.set(project, work);
  }

  /** Half of the places are for projects that have more: they must not hold up those that have not begun. */
  async function findLacking(places: number): Promise<readonly Unpublished[]> {
    const busy = [...leftAlone(), ...underWay.keys()];
    const known = [...more]
      .filter((project) => !busy.includes(project))
      .map((project) => ({ project, published: reached.get(project) }))
      .filter((one): one is Unpublished => one.published !== undefined)
      .slice(0, Math.ceil(places / 2));
    const others = await log.unpublished(places - known.length, [...busy, ...reached.keys()]);
    return [...known, ...others];
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

  function postpone(project: string): void {
    if (failed.size >= mostFailed) failed.clear();
    failed.set(project, clock.monotonic() + postponeMs);
  }

  function leftAlone(): string[] {
    const now = clock.monotonic();
    return [...failed].filter(([, until]) => until > now).map(([project]) => project);
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopping;
  }

  async function publishSome({ project, published }: Unpublished): Promise<void> {
    // Before the log is read: what is numbered from now on may be behind this page.
    more.delete(project);
    const limit = failed.has(project) ? 1 : eventsAtOnce;
    const { events, through, last } = await log.page(project, { after: published, limit });
    // All at once: the channel keeps their order.
    const outcomes = await Promise.all(events.map(publish));
    const lost = outcomes.indexOf('not taken');
    const confirmed = lost === -1 ? through : (events[lost]?.sequence ?? published + 1) - 1;
    if (lost === -1) failed.delete(project);
    // Of a broker that is away the channel tells when it is back.
    else if (channel.isUp()) postpone(project);
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
      await Promise.all(underWay.values());
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
