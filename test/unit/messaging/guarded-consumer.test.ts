import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Delivery, MessageSource, SubscribeOptions } from '#core/ports/message-source.js';
import type { GuardedConsumer, GuardedConsumerOptions } from '#messaging/guarded-consumer.js';
import { createGuardedConsumer } from '#messaging/guarded-consumer.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';
import { happens } from '../../support/happens.js';

describe('a guarded consumer', () => {
  let clock: ManualClock;
  let source: FakeSource;
  let logger: RecordingLogger;
  let isAway: boolean;
  let handled: string[];
  let invalid: [string, string][];

  beforeEach(() => {
    clock = createManualClock();
    source = createFakeSource();
    logger = createRecordingLogger();
    isAway = false;
    handled = [];
    invalid = [];
  });

  const away = (): Promise<never> => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));

  async function started(options: Partial<GuardedConsumerOptions> = {}): Promise<GuardedConsumer> {
    const consumer = create(options);
    await consumer.start();
    return consumer;
  }

  function create(options: Partial<GuardedConsumerOptions>): GuardedConsumer {
    return createGuardedConsumer({
      ...{ source, clock, logger, destination: queue('q'), prefetch: 10 },
      handle: ({ message }: Delivery) => {
        if (isAway) return away();
        handled.push(message.messageId);
        return Promise.resolve();
      },
      keepInvalid: ({ message }, reason) => {
        if (isAway) return away();
        invalid.push([message.messageId, reason]);
        return Promise.resolve();
      },
      checkStore: () => (isAway ? away() : Promise.resolve()),
      ...options,
    });
  }

  const deliver = (messageId: string): ReturnType<FakeSource['deliver']> =>
    source.deliver('q', newMessage({ messageId }));

  it('ignores what an older subscription still delivers: the broker has it again', async () => {
    const subscribed: SubscribeOptions[] = [];
    const noting: MessageSource = {
      subscribe(destination, how) {
        subscribed.push(how);
        return source.subscribe(destination, how);
      },
    };
    await started({ source: noting });
    isAway = true;
    deliver('1');
    await passTime(clock, 11_000);
    isAway = false;
    await passTime(clock, 1_000);
    expect([subscribed.length, source.subscriptions]).to.deep.equal([2, 1]);
    const late = deliver('late');
    await settled();
    handled = [];
    subscribed[0]!.onDelivery(late);
    await settled();
    expect(handled).to.deep.equal([]);
    subscribed[1]!.onDelivery(late);
    await settled();
    expect(handled).to.deep.equal(['late']);
  });

  it('acknowledges a delivery after it was handled, not before', async () => {
    const work = createDeferred<undefined>();
    await started({ handle: () => work.promise });
    const delivery = deliver('1');
    await settled();
    expect(delivery.isAcknowledged).to.equal(false);
    work.resolve(undefined);
    await settled();
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('tries every half second while the store is away, and says so once', async () => {
    await started();
    isAway = true;
    const deliveries = [deliver('1'), deliver('2')];
    await passTime(clock, 9_500);
    expect(deliveries.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([false, false]);
    expect(logger.sentences('error')).to.have.length(1);
    expect(source.subscriptions).to.equal(1);
    isAway = false;
    await passTime(clock, 500);
    expect(handled.sort()).to.deep.equal(['1', '2']);
    expect(deliveries.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true, true]);
  });

  it('keeps as invalid what can never be stored, as soon as the store takes that', async () => {
    await started({
      handle: ({ message }) =>
        message.messageId === 'poison'
          ? Promise.reject(new ReplytoError('INTERNAL', { detail: 'no such text' }))
          : Promise.resolve(),
    });
    isAway = true;
    const poison = deliver('poison');
    const good = deliver('good');
    await passTime(clock, 2_000);
    expect([poison.isAcknowledged, good.isAcknowledged]).to.deep.equal([false, true]);
    isAway = false;
    await passTime(clock, 500);
    expect([poison.isAcknowledged, invalid]).to.deep.equal([
      true,
      [['poison', 'it cannot be stored: no such text']],
    ]);
    expect([source.subscriptions, source.subscribed, clock.pending]).to.deep.equal([1, 1, 0]);
  });

  happens(
    'Surroundings',
    'the store is away for ten seconds',
    'what the broker handed over goes back to it, for other instances, and is taken again when the store answers',
    async () => {
      await started();
      isAway = true;
      const deliveries = [deliver('1'), deliver('2')];
      await passTime(clock, 10_500);
      expect([source.subscriptions, source.subscribed]).to.deep.equal([0, 1]);
      await passTime(clock, 60_000);
      expect([source.subscriptions, source.subscribed]).to.deep.equal([0, 1]);
      isAway = false;
      await passTime(clock, 1_000);
      expect([source.subscriptions, source.subscribed]).to.deep.equal([1, 2]);
      // They are the broker's; handling them here too would be for nothing.
      expect([handled, deliveries.map(({ isAcknowledged }) => isAcknowledged)]).to.deep.equal([
        [],
        [false, false],
      ]);
      const again = deliver('1');
      await settled();
      expect([handled, again.isAcknowledged]).to.deep.equal([['1'], true]);
    },
  );

  it('handles nothing of what it gave back, though the store answers before the next try', async () => {
    await started();
    isAway = true;
    deliver('1');
    await passTime(clock, 250);
    deliver('2');
    await passTime(clock, 9_750);
    expect(source.subscriptions).to.equal(0);
    isAway = false;
    await passTime(clock, 2_000);
    expect([handled, source.subscriptions]).to.deep.equal([[], 1]);
  });

  it('measures the 10 s anew after the store has answered once', async () => {
    await started();
    isAway = true;
    deliver('1');
    await passTime(clock, 8_000);
    isAway = false;
    await passTime(clock, 1_000);
    isAway = true;
    deliver('2');
    await passTime(clock, 8_000);
    expect(source.subscriptions).to.equal(1);
  });

  it('goes on trying when the broker refuses the new subscription', async () => {
    await started();
    isAway = true;
    deliver('1');
    await passTime(clock, 10_500);
    isAway = false;
    source.refuse('BROKER_UNAVAILABLE');
    await passTime(clock, 5_000);
    expect(logger.sentences('error')).to.include('cannot subscribe again');
    source.refuse(undefined);
    await passTime(clock, 1_000);
    expect(source.subscriptions).to.equal(1);
  });

  it('rejects its start when the broker refuses the subscription', async () => {
    source.refuse('SUBSCRIBE_REFUSED');
    expect((await failureOf(create({}).start())).code).to.equal('SUBSCRIBE_REFUSED');
  });

  it('finishes what is being handled when it stops, and leaves the rest to the broker', async () => {
    const work = createDeferred<undefined>();
    const consumer = await started({ handle: () => work.promise });
    const first = deliver('1');
    const stopping = consumer.stop(5_000);
    const second = deliver('2');
    work.resolve(undefined);
    await stopping;
    expect([first.isAcknowledged, second.isAcknowledged]).to.deep.equal([true, false]);
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  it('stops at its deadline though something is still being handled', async () => {
    const consumer = await started({ handle: () => new Promise(() => undefined) });
    deliver('1');
    const stopping = consumer.stop(5_000);
    clock.advance(5_000);
    await stopping;
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  it('leaves nothing when it stops while the store is away', async () => {
    const consumer = await started();
    isAway = true;
    deliver('1');
    await passTime(clock, 2_000);
    await consumer.stop(0);
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
    const other = await started();
    deliver('2');
    await passTime(clock, 11_000);
    await other.stop(0);
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  it('ends a subscription that is confirmed only after it was stopped', async () => {
    const confirmation = createDeferred<undefined>();
    const slow: FakeSource = {
      ...source,
      subscribe: async (...given) => {
        await confirmation.promise;
        return await source.subscribe(...given);
      },
    };
    const consumer = create({ source: slow });
    const starting = consumer.start();
    await consumer.stop(0);
    confirmation.resolve(undefined);
    await starting;
    expect([source.subscribed, source.subscriptions]).to.deep.equal([1, 0]);
  });
});
