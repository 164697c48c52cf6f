/**
 * Publish-Subscribe Channel (https://www.enterpriseintegrationpatterns.com/PublishSubscribeChannel.html): puts the numbered
 * events of each project on `/topic/status.{project}` at the broker, in order, each with its `Sequence`. Guarantee: what the
 * broker confirmed is noted in the store a moment later; whatever dies before that is published again, so a subscriber
 * who is there all the time hears everything at least once, and knows a repetition by its number. An absent broker
 * is waited for; an event that it refuses is counted and passed over. Topics take turns (topic-turns.ts). What retention has removed meanwhile is not published.
 * Shutdown: what is under way gets a few seconds to be confirmed, or is published again later.
 */
import type { Destination } from '#core/destination.js';
import { topic } from '#core/destination.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { isReplytoError } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { Message } from '#core/message.js';
import { isMessageId } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Meter } from '#core/ports/meter.js';
import type { SequencedEvent } from '#core/status-event.js';
import { createInFlight } from '#messaging/in-flight.js';
import { createPublishedPositions } from './published-positions.js';
import type { SequencerDuty } from './sequencer-duty.js';
import type { TopicTurn } from './topic-turns.js';
import { createTopicTurns } from './topic-turns.js';
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
  /** Events were numbered. */
  wake(): void;
  stop(deadlineMs: number): Promise<void>;
}

/** Projects at a time; with the events of one turn they bound what is in memory. */
const projectsAtOnce = 8;
const lookEveryMs = 1_000;
/** At its stop: what the broker confirms later is published again, and others have to be stopped too. */
const confirmedWithinMs = 5_000;
/** The topic takes nothing at present, whatever becomes of the connection. */
const full: ReadonlySet<ErrorCode> = new Set(['RECEIPT_TIMEOUT', 'BROKER_FULL']);

/** The topic of a project, for whoever subscribes at the broker. */
function statusTopic(project: string): Destination {
  return topic(`status.${project}`);
}

export function createTopicPublisher(options: TopicPublisherOptions): TopicPublisher {
  const { log, duty, channel, clock, logger, meter } = options;
  const positions = createPublishedPositions({ log, clock, logger });
  const turns = createTopicTurns({ log, positions, clock });
  const task = createWakeableTask({
    run: publishAll,
    onFailure: (error) => logger.warn({ err: error }, 'status events could not be published'),
    everyMs: lookEveryMs,
    clock,
  });
  const underWay = new Set<string>();
  const inFlight = createInFlight(clock);
  let isStopping = false;
  let stopListening = (): void => undefined;

  /** Begins while there are places: each turn that ends leads to the next one. */
  async function publishAll(): Promise<void> {
    while (!hasStopped() && channel.isUp() && underWay.size < projectsAtOnce) {
      const turn = await turns.next(underWay);
      if (turn === undefined) return;
      if (!(await duty.hold())) {
        turns.forget();
        return;
      }
      begin(turn);
    }
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopping;
  }

  function begin(turn: TopicTurn): void {
    const { project, published } = turn;
    underWay.add(project);
    const work = (): Promise<void> =>
      publishSome(turn).catch((error: unknown) => {
        logger.warn({ err: error, project }, 'status events could not be published');
        // It lacks the same events still, and would be begun with again at once.
        turns.failed(project, published);
      });
    void inFlight.run(work).then(() => {
      underWay.delete(project);
      task.wake();
    });
  }

  async function publishSome({ project, published, limit }: TopicTurn): Promise<void> {
    const page = await log.page(project, { after: published, limit });
    const { events, through } = page;
    // All at once: the channel keeps their order.
    const outcomes = await Promise.all(events.map(publish));
    const lost = outcomes.findIndex((outcome) => outcome !== 'done');
    const confirmed = lost === -1 ? through : (events[lost]?.sequence ?? published + 1) - 1;
    positions.reach(project, confirmed);
    if (lost === -1) turns.took(project, page);
    // Of a broker that is away the channel tells when it is back.
    else if (outcomes.includes('full') || channel.isUp()) turns.failed(project, confirmed);
  }

  async function publish(event: SequencedEvent): Promise<'done' | 'lost' | 'full'> {
    try {
      await channel.publish(statusTopic(event.project), toMessage(event));
      meter.count('events-published');
    } catch (error) {
      if (isReplytoError(error) && error.retryable) return full.has(error.code) ? 'full' : 'lost';
      meter.count('events-unpublished');
      logger.warn({ err: error, project: event.project }, 'the broker refused a status event');
    }
    return 'done';
  }

  return {
    wake: () => task.wake(),
    start() {
      stopListening = channel.onUp(() => task.wake());
      task.start();
    },
    async stop(deadlineMs) {
      isStopping = true;
      stopListening();
      await task.stop();
      await inFlight.idle(Math.min(deadlineMs / 2, confirmedWithinMs));
      await positions.stop();
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
