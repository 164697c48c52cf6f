import { expect } from 'chai';
import type { Store } from '#adapters/store/open-store.js';
import { ReplytoError } from '#core/errors.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import { createSequencerDuty } from '#status/sequencer-duty.js';
import type { TopicPublisher } from '#status/topic-publisher.js';
import { createTopicPublisher } from '#status/topic-publisher.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { createManualClock } from '../../support/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { appendNumbered, newStatusEvent } from '../../support/numbered-log.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { upTo } from '../../support/status-bench.js';

describe('the publisher of status topics', () => {
  let clock: ManualClock;
  let store: Store;
  let channel: FakeChannel;
  let meter: CountingMeter;
  let logger: RecordingLogger;
  let isAway: boolean;
  const publishers: TopicPublisher[] = [];
  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    channel = createFakeChannel();
    meter = createCountingMeter();
    logger = createRecordingLogger();
    isAway = false;
  });
  afterEach(async () => {
    channel.down();
    await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
    await store.close();
  });

  /** The owner is the one that numbers in these tests, unless it is another. */
  function create(owner = 'test'): TopicPublisher {
    const log: EventLog = {
      ...store.events,
      unpublished: (limit, exceptProjects) =>
        isAway
          ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE'))
          : store.events.unpublished(limit, exceptProjects),
    };
    const duty = createSequencerDuty({ log, owner, clock });
    const publisher = createTopicPublisher({ log, duty, channel, clock, logger, meter });
    publishers.push(publisher);
    return publisher;
  }

  const tell = (count: number, parts: Partial<StatusEvent> = {}): Promise<readonly SequencedEvent[]> =>
    appendNumbered(
      store.events,
      upTo(count).map(() => newStatusEvent(parts)),
    );

  /** Sequences in the order in which they were written to the topic. */
  const written = (project = 'shop'): (number | undefined)[] =>
    channel.sentTo(`status.${project}`).map(({ message }) => message.properties.sequence);

  /** What was confirmed is noted a moment later. */
  const unpublished = async (): Promise<readonly { project: string; published: number }[]> => {
    await passTime(clock, 300);
    return store.events.unpublished(100);
  };

  it('puts each event on the topic of its project, as JSON and with what it says in headers', async () => {
    create().start();
    const [event] = await tell(1, { subject: 'job: 1', percent: 40, text: 'Größe', data: [1] });
    publishers[0]!.wake([]);
    await settled();
    const [sent] = channel.sent;
    expect(sent!.destination).to.deep.equal({ kind: 'topic', name: 'status.shop' });
    expect(JSON.parse(Buffer.from(sent!.message.body).toString('utf8'))).to.deep.equal(event);
    expect(sent!.message).to.deep.include({
      messageId: event!.id,
      contentType: 'application/json',
      time: 5,
      properties: { project: 'shop', subject: 'job: 1', sequence: 1, eventKind: 'progress' },
    });
    expect(await unpublished()).to.be.empty;
    expect(meter.counts()).to.deep.equal({ 'events-published': 1 });
  });

  it('leaves out headers that no broker carries, and gives an id where the event has none for messages', async () => {
    create().start();
    await tell(1, { id: 'back\\slash \u00e9', subject: 'a\\b' });
    publishers[0]!.wake([]);
    await settled();
    expect(channel.sent[0]!.message.properties).not.to.have.property('subject');
    expect(channel.sent[0]!.message.properties).to.include({ project: 'shop', sequence: 1 });
    expect(channel.sent[0]!.message.messageId).to.match(/\S/u);
  });

  it('keeps the order of each project, also of more than one page', async () => {
    create().start();
    await tell(150);
    await tell(3, { project: 'bank' });
    publishers[0]!.wake([]);
    await settled(80);
    expect(written()).to.deep.equal(upTo(150));
    expect(written('bank')).to.deep.equal([1, 2, 3]);
    expect(await unpublished()).to.be.empty;
  });

  it('publishes the present page again from the first event that was not confirmed, when the broker went away', async () => {
    const publisher = create();
    publisher.start();
    await settled();
    channel.next('confirm', 'confirm', 'SEND_UNCONFIRMED', 'confirm');
    await tell(4);
    channel.onSend(({ message }) => {
      // Whatever is confirmed behind the one that was lost is told again.
      if (message.properties.sequence === 4 && written().length === 4) channel.down();
    });
    publisher.wake([]);
    await settled();
    expect(await unpublished()).to.deep.equal([{ project: 'shop', published: 2 }]);
    await passTime(clock, 3_000);
    expect(written()).to.deep.equal([1, 2, 3, 4]);
    channel.up();
    await settled();
    expect(written()).to.deep.equal([1, 2, 3, 4, 3, 4]);
    expect(await unpublished()).to.be.empty;
  });

  it('publishes at once what comes one by one, and notes it together a moment later', async () => {
    const publisher = create();
    publisher.start();
    await settled();
    for (const sequence of upTo(5)) {
      publisher.wake(await tell(1));
      await settled();
      expect(written()).to.deep.equal(upTo(sequence));
    }
    expect(await store.events.unpublished(1)).to.deep.equal([{ project: 'shop', published: 0 }]);
    const before = store.transactions();
    expect(await unpublished()).to.be.empty;
    expect(store.transactions()).to.equal(before + 1);
  });

  it('publishes what is numbered while a page of its project is under way', async () => {
    const publisher = create();
    publisher.start();
    await settled();
    channel.next('hold');
    publisher.wake(await tell(1));
    await settled();
    publisher.wake(await tell(1));
    channel.sentTo('status.shop')[0]!.answer('confirm');
    await settled();
    expect(written()).to.deep.equal([1, 2]);
  });

  it('notes at its stop what was confirmed', async () => {
    const publisher = create();
    publisher.start();
    publisher.wake(await tell(3));
    await settled();
    await publisher.stop();
    expect(await store.events.unpublished(1)).to.be.empty;
  });

  it('lets topics that take nothing hold up no others, and tries them again', async () => {
    const publisher = create();
    publisher.start();
    await settled();
    const full = upTo(10).map((index) => `full-${index}`);
    for (const project of full) await tell(1, { project });
    channel.next(...full.map(() => 'RECEIPT_TIMEOUT' as const));
    publisher.wake([]);
    await tell(2);
    publisher.wake([]);
    await settled();
    expect(written()).to.deep.equal([1, 2]);
    expect(await unpublished()).to.have.length(full.length);
    await passTime(clock, 6_000);
    expect(await unpublished()).to.be.empty;
  });

  it('passes over an event that the broker refuses, and counts it', async () => {
    const publisher = create();
    publisher.start();
    channel.next('confirm', 'SEND_REFUSED');
    await tell(3);
    publisher.wake([]);
    await settled();
    expect(written()).to.deep.equal([1, 2, 3]);
    expect(await unpublished()).to.be.empty;
    expect(meter.counts()).to.deep.equal({ 'events-published': 2, 'events-unpublished': 1 });
    expect(logger.sentences('warn')).to.deep.equal(['the broker refused a status event']);
  });

  it('tries again when the store fails, and says so', async () => {
    const publisher = create();
    publisher.start();
    await settled();
    isAway = true;
    await tell(1);
    publisher.wake([]);
    await settled();
    expect(logger.sentences('warn')).to.deep.equal(['status events could not be published']);
    isAway = false;
    await passTime(clock, 1_000);
    expect(written()).to.deep.equal([1]);
  });

  it('does not begin at once again with a project whose events cannot be read', async () => {
    let reads = 0;
    const log: EventLog = {
      ...store.events,
      page: (...query) => {
        reads += 1;
        return isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.events.page(...query);
      },
    };
    isAway = true;
    const duty = createSequencerDuty({ log, owner: 'test', clock });
    const publisher = createTopicPublisher({ log, duty, channel, clock, logger, meter });
    publishers.push(publisher);
    await tell(1);
    publisher.start();
    await settled(60);
    expect(reads).to.equal(1);
    isAway = false;
    await passTime(clock, 6_000);
    expect(written()).to.deep.equal([1]);
  });

  it('leaves it to the instance that has the duty, and takes over from one that died', async () => {
    await tell(2);
    const publisher = create('other');
    publisher.start();
    await passTime(clock, 5_000);
    expect(written()).to.be.empty;
    // The lease of the one that numbered.
    await passTime(clock, 60_000, { stepMs: 1_000 });
    expect(written()).to.deep.equal([1, 2]);
  });

  it('publishes what is still kept of events that retention has removed', async () => {
    await tell(2);
    const kept = 7 * 24 * 3_600_000;
    clock.advance(kept - 1_000);
    await tell(1);
    clock.advance(1_000);
    await store.events.sweep(10);
    create().start();
    await settled();
    expect(written()).to.deep.equal([3]);
    expect(await unpublished()).to.be.empty;
  });

  it('ends when what is under way is answered, and begins nothing more', async () => {
    const publisher = create();
    channel.always('hold');
    await tell(70);
    publisher.start();
    await settled();
    expect(channel.pending).to.equal(64);
    let hasStopped = false;
    const stopped = publisher.stop().then(() => (hasStopped = true));
    await settled();
    expect(hasStopped).to.equal(false);
    for (const frame of channel.sent) frame.answer('confirm');
    await stopped;
    expect(channel.sent).to.have.lengthOf(64);
    expect(await unpublished()).to.deep.equal([{ project: 'shop', published: 64 }]);
    expect([channel.listeners, clock.pending]).to.deep.equal([0, 0]);
  });
});
