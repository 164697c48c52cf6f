import { expect } from 'chai';
import { createPollingConsumer } from '#messaging/polling-consumer.js';
import type { PolledDelivery, PollingConsumer } from '#messaging/polling-consumer.js';
import { failureOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import { createRecordingLogger } from '../../support/recording.js';

describe('the polling consumer', () => {
  let clock: ManualClock;
  let source: FakeSource;
  let consumer: PollingConsumer;
  let isUp: boolean;

  beforeEach(() => {
    clock = createManualClock();
    source = createFakeSource();
    isUp = true;
    consumer = createPollingConsumer({
      ...{ source, clock, logger: createRecordingLogger(), maxQueues: 2 },
      isUp: () => isUp,
    });
  });
  afterEach(async () => {
    await consumer.stop(0);
    expect(clock.pending, 'timers').to.equal(0);
    expect([source.subscriptions, consumer.queues]).to.deep.equal([0, 0]);
  });

  const receive = (
    queue: string,
    waitMs = 5_000,
    signal = new AbortController().signal,
    holder: string | null = null,
  ): Promise<PolledDelivery | null> => consumer.receive(queue, { waitMs, signal, holder });

  it('hands a message to the one who has waited longest, one to each', async () => {
    const first = receive('q');
    const second = receive('q');
    await settled();
    const messages = [newMessage(), newMessage()];
    for (const message of messages) source.deliver('q', message);
    const ids = (await Promise.all([first, second])).map((polled) => polled!.delivery.message.messageId);
    expect(ids).to.deep.equal(messages.map(({ messageId }) => messageId));
    expect([source.subscribed, ...source.prefetches('q')]).to.deep.equal([1, 1]);
    for (const polled of await Promise.all([first, second])) polled!.acknowledge();
  });

  it('lets one name read half of the queues, until it lets one go', async () => {
    const gone = new AbortController();
    const first = receive('q', 5_000, gone.signal, 'shop');
    await settled();
    const refused = await failureOf(receive('p', 5_000, gone.signal, 'shop'));
    expect(refused).to.include({ code: 'TOO_MANY_WAITING' });
    expect(refused.message).to.equal(
      "1 queues are being read for 'shop'; of 2 in all a name gets no more than it leaves to others",
    );
    const other = receive('p', 5_000, gone.signal, 'bank');
    const shared = receive('p', 5_000, gone.signal, 'shop');
    gone.abort();
    expect(await Promise.all([first, other, shared])).to.deep.equal([null, null, null]);
    clock.advance(1_000);
    await settled();
    const again = receive('p', 0, new AbortController().signal, 'shop');
    await settled();
    clock.advance(250);
    expect(await again).to.equal(null);
  });

  it('looks for a quarter of a second also for a caller that does not wait', async () => {
    const polled = receive('q', 0);
    await settled();
    clock.advance(249);
    await settled();
    const { messageId } = newMessage();
    const delivery = source.deliver('q', newMessage({ messageId }));
    const found = await polled;
    found!.acknowledge();
    expect([found!.delivery.message.messageId, delivery.isAcknowledged]).to.deep.equal([messageId, true]);
    const none = receive('q', 0);
    await settled();
    clock.advance(250);
    expect(await none).to.equal(null);
  });

  it('keeps its subscription for a second after the last call, and then lets the queue go with what nobody took', async () => {
    const none = receive('q', 0);
    await settled();
    clock.advance(250);
    await none;
    source.deliver('q', newMessage());
    clock.advance(999);
    await settled();
    expect(source.subscriptions).to.equal(1);
    // Came meanwhile: it is there at once.
    const taken = await receive('q');
    taken!.giveBack();
    clock.advance(999);
    await settled();
    expect(source.subscriptions).to.equal(1);
    clock.advance(1);
    await settled();
    expect([source.subscriptions, consumer.queues]).to.deep.equal([0, 0]);
  });

  it('keeps its subscription as long as a message that it handed out is neither acknowledged nor given back', async () => {
    const polled = receive('q');
    await settled();
    const delivery = source.deliver('q', newMessage());
    const taken = await polled;
    clock.advance(60_000);
    await settled();
    expect(source.subscriptions).to.equal(1);
    taken!.acknowledge();
    expect(delivery.isAcknowledged).to.equal(true);
    clock.advance(1_000);
    await settled();
    expect(source.subscriptions).to.equal(0);
  });

  it('gives a message that comes in the moment in which its caller goes to the next one', async () => {
    const hangUp = new AbortController();
    const gone = receive('q', 5_000, hangUp.signal);
    const next = receive('q');
    await settled();
    hangUp.abort();
    const { messageId } = newMessage();
    source.deliver('q', newMessage({ messageId }));
    expect(await gone).to.equal(null);
    const taken = await next;
    expect(taken!.delivery.message.messageId).to.equal(messageId);
    taken!.acknowledge();
  });

  it('hands what is given back to the next caller, or keeps it for one', async () => {
    const first = receive('q');
    await settled();
    source.deliver('q', newMessage());
    const taken = await first;
    const waiting = receive('q');
    await settled();
    taken!.giveBack();
    const again = await waiting;
    expect(again!.delivery.message).to.equal(taken!.delivery.message);
    again!.giveBack();
    const kept = await receive('q');
    expect(kept!.delivery.message).to.equal(taken!.delivery.message);
    kept!.acknowledge();
  });

  it('tells all who wait that the broker refuses the queue, and asks again for the next one', async () => {
    source.refuse('SUBSCRIBE_REFUSED');
    const failures = await Promise.all([failureOf(receive('q')), failureOf(receive('q'))]);
    expect(failures.map(({ code }) => code)).to.deep.equal(['SUBSCRIBE_REFUSED', 'SUBSCRIBE_REFUSED']);
    source.refuse(undefined);
    const polled = receive('q');
    await settled();
    source.deliver('q', newMessage());
    (await polled)!.acknowledge();
  });

  it('says that the broker is away when the subscription was not made within the wait, and keeps nothing of it', async () => {
    const arrive = source.hold();
    const failing = [failureOf(receive('a', 1_000)), failureOf(receive('b', 1_000))];
    await settled();
    clock.advance(1_000);
    expect((await Promise.all(failing)).map(({ code }) => code)).to.deep.equal(
      Array(2).fill('BROKER_UNAVAILABLE'),
    );
    expect(consumer.queues).to.equal(0);
    arrive();
    await settled();
    expect(source.subscriptions).to.equal(0);
    // Whoever asks again hears what is wrong by then.
    source.refuse('SUBSCRIBE_REFUSED');
    expect((await failureOf(receive('a'))).code).to.equal('SUBSCRIBE_REFUSED');
    source.refuse(undefined);
  });

  it('says so too when the broker went away after the subscription was made', async () => {
    const none = receive('q', 0);
    await settled();
    clock.advance(250);
    expect(await none).to.equal(null);
    isUp = false;
    const failing = failureOf(receive('q', 0));
    await settled();
    clock.advance(250);
    expect((await failing).code).to.equal('BROKER_UNAVAILABLE');
  });

  it('reads at most so many queues at the same time', async () => {
    const waiting = [receive('a'), receive('b')];
    expect((await failureOf(receive('c'))).code).to.equal('TOO_MANY_WAITING');
    await settled();
    clock.advance(5_000);
    expect(await Promise.all(waiting)).to.deep.equal([null, null]);
  });

  it('ends every wait with nothing when it stops, and takes no new one', async () => {
    const waiting = [receive('a'), receive('a'), receive('b')];
    await settled();
    await consumer.stop(1_000);
    expect(await Promise.all(waiting)).to.deep.equal([null, null, null]);
    expect(await receive('a')).to.equal(null);
  });
});
