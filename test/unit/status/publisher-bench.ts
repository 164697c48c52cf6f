import type { Store } from '#adapters/store/store.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import { createSequencerDuty } from '#status/sequencer-duty.js';
import type { TopicPublisher } from '#status/topic-publisher.js';
import { createTopicPublisher } from '#status/topic-publisher.js';
import { passTime } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { appendNumbered, newStatusEvent } from '../../support/numbered-log.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { upTo } from '../../support/status-bench.js';

/** Publishers of topics on a store in memory and a fake channel, on a manual clock; all of it ends with its test. */
export interface PublisherBench {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly channel: FakeChannel;
  readonly meter: CountingMeter;
  readonly logger: RecordingLogger;
  /** Not started. `owner`: of the duty; by default the one that numbers here. `log`: instead of those of the store. */
  readonly create: (parts?: { readonly owner?: string; readonly log?: Partial<EventLog> }) => TopicPublisher;
  /** Numbers so many events, as {@link newStatusEvent} makes them; wakes nobody. */
  readonly tell: (count: number, parts?: Partial<StatusEvent>) => Promise<readonly SequencedEvent[]>;
  /** Sequences in the order in which they were written to the topic; of `shop` unless it is another. */
  readonly written: (project?: string) => (number | undefined)[];
  /** What the store knows to be lacking once all that was confirmed is noted. */
  readonly unpublished: () => ReturnType<EventLog['unpublished']>;
}

/** To be called inside `describe`. */
export function publisherBench(): PublisherBench {
  let clock: ManualClock;
  let store: Store;
  let channel: FakeChannel;
  let meter: CountingMeter;
  let logger: RecordingLogger;
  const publishers: TopicPublisher[] = [];
  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    channel = createFakeChannel();
    meter = createCountingMeter();
    logger = createRecordingLogger();
  });
  afterEach(async () => {
    channel.down();
    await Promise.all(publishers.splice(0).map((publisher) => publisher.stop(1_000)));
    await store.close();
  });

  return {
    get clock() {
      return clock;
    },
    get store() {
      return store;
    },
    get channel() {
      return channel;
    },
    get meter() {
      return meter;
    },
    get logger() {
      return logger;
    },
    create({ owner = 'test', log: changed = {} } = {}) {
      const log: EventLog = { ...store.events, ...changed };
      const duty = createSequencerDuty({ log, owner, clock });
      const publisher = createTopicPublisher({ log, duty, channel, clock, logger, meter });
      publishers.push(publisher);
      return publisher;
    },
    tell: (count, parts = {}) =>
      appendNumbered(
        store.events,
        upTo(count).map(() => newStatusEvent(parts)),
      ),
    written: (project = 'shop') =>
      channel.sentTo(`status.${project}`).map(({ message }) => message.properties.sequence),
    async unpublished() {
      await passTime(clock, 300);
      return store.events.unpublished(100);
    },
  };
}
