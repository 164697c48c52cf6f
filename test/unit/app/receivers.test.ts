import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { createReceivers } from '#app/receivers.js';
import type { Receivers, ReceiversOptions } from '#app/receivers.js';
import { createRequestReply } from '#app/request-reply.js';
import { ownDestinations } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import type { MessageSource, Subscription } from '#core/ports/message-source.js';
import { roles } from '#core/roles.js';
import { silentTracer } from '#core/ports/tracer.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import { happens } from '../../support/happens.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';

const own = ownDestinations('replyto');
/** Control topic, replies, status events, dead letters, invalid messages. */
const all = 5;

describe('the receivers of a gateway', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let source: FakeSource;
  let store: Store;
  let logger: RecordingLogger;
  let receivers: Receivers;
  /** Codes of what would end the process. */
  let fatal: unknown[];

  beforeEach(() => {
    clock = createManualClock();
    channel = createFakeChannel();
    source = createFakeSource();
    store = openMemoryStore(clock);
    logger = createRecordingLogger();
    fatal = [];
    receivers = create();
    // A topic brings its messages to whoever sent them too.
    channel.onSend(({ destination, message }) => {
      if (destination.kind === 'topic' && source.subscriptions > 0) source.deliver(destination.name, message);
    });
  });
  afterEach(async () => {
    await receivers.stop(1_000);
    await settled();
    // Of what waited, listened or was subscribed nothing is left.
    expect([source.subscriptions, channel.listeners, clock.pending]).to.deep.equal([0, 0, 0]);
    await store.close();
  });

  function create(options: Partial<ReceiversOptions> = {}): Receivers {
    const shared = {
      ...{ store, own, clock, logger, meter: createCountingMeter(), tracer: silentTracer },
      ...{ broker: { channel, source }, instance: 'i', prefetch: 10, receives: true, roles, ...options },
    };
    return createReceivers({
      requestReply: createRequestReply({
        ...shared,
        ...{ replies: own.replies, newId: () => 'an-id', receiptTimeoutMs: 30_000 },
        ...{ maxPending: 10, maxPendingOf: () => 10, maxUnsent: 10, maxReplyBytes: 1_000 },
      }),
      ...{ prefix: 'replyto', isEmbedded: false },
      onFatal: (error) => fatal.push(isReplytoError(error) ? error.code : error),
      ...shared,
    });
  }

  const hellos = (): number => channel.sentTo(own.control.name).length;

  const welcome = (): void => {
    const notice = { type: 'welcome', storeId: 'theirs', instance: 'other' };
    source.deliver(own.control.name, newMessage({ body: Buffer.from(JSON.stringify(notice)) }));
  };

  async function started(): Promise<void> {
    await receivers.start(new AbortController().signal);
    await settled();
  }

  it('take replies, status events, dead letters and invalid messages once nobody objected to the prefix', async () => {
    await started();
    expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([1, false]);
    await passTime(clock, 1_000);
    expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([all, true]);
    for (const { name } of [own.replies, own.status, own.deadLetters, own.invalid])
      expect(source.prefetches(name), name).to.have.length(1);
    expect(fatal).to.deep.equal([]);
  });

  it('take status events before replies, so that progress which waited beside its reply is told first', async () => {
    const asked: string[] = [];
    const noting: MessageSource = {
      subscribe(destination, how) {
        asked.push(destination.name);
        return source.subscribe(destination, how);
      },
    };
    receivers = create({ broker: { channel, source: noting } });
    await started();
    const release = source.hold();
    await passTime(clock, 1_000);
    expect(asked).to.deep.equal([own.control.name, own.status.name]);
    release();
    await settled();
    expect(asked).to.include(own.replies.name);
    expect(receivers.isReceiving()).to.equal(true);
  });

  it('take them at once from a broker that starts with this process, and answer hellos there too', async () => {
    receivers = create({ isEmbedded: true });
    await started();
    expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([all, true]);
    const hello = { type: 'hello', storeId: 'theirs', instance: 'new' };
    source.deliver(own.control.name, newMessage({ body: Buffer.from(JSON.stringify(hello)) }));
    expect(Buffer.from(channel.sent.at(-1)!.message.body).toString()).to.contain('welcome');
  });

  it('wait for a broker that is away', async () => {
    channel.down();
    await started();
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect([source.subscribed, hellos()]).to.deep.equal([0, 0]);
    channel.up();
    await passTime(clock, 1_000);
    expect(receivers.isReceiving()).to.equal(true);
  });

  it('claim the prefix once more after the connection was lost on the way', async () => {
    channel.always('hold');
    await started();
    expect(hellos()).to.equal(1);
    channel.down();
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect([source.subscriptions, receivers.isReceiving(), fatal.length]).to.deep.equal([0, false, 0]);
    expect(logger.sentences('warn')).to.deep.equal(['receiving could not begin']);
    channel.always('confirm');
    channel.up();
    await passTime(clock, 1_000);
    expect([hellos(), receivers.isReceiving()]).to.deep.equal([2, true]);
  });

  it('pause before they claim it once more on a connection that is still there', async () => {
    channel.next('RECEIPT_TIMEOUT');
    await started();
    expect(hellos()).to.equal(1);
    await passTime(clock, 999);
    expect(hellos()).to.equal(1);
    await passTime(clock, 1);
    expect(hellos()).to.equal(2);
  });

  happens(
    'Surroundings',
    'the broker is full of replies when the gateway starts beside it, and confirms nothing that is sent',
    'after two questions of ten seconds each that nobody could answer the replies are taken, so that there is room again; who else uses the prefix is asked on, and told',
    async () => {
      channel.always('hold');
      await started();
      await passTime(clock, 20_000, { stepMs: 1_000 });
      expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([1, false]);
      await passTime(clock, 1_000);
      expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([all, true]);
      expect(hellos()).to.equal(2);
      channel.always('confirm');
      await passTime(clock, 30_000, { stepMs: 1_000 });
      expect(hellos()).to.equal(3);
      welcome();
      expect(receivers.stranger()).to.equal('other');
      expect(fatal).to.deep.equal([]);
    },
  );

  it('never begin, and end the process, when another deployment has the prefix', async () => {
    await started();
    welcome();
    await passTime(clock, 1_000);
    expect([fatal, source.subscriptions]).to.deep.equal([['PREFIX_TAKEN'], 0]);
    await passTime(clock, 60_000, { stepMs: 10_000 });
    expect([fatal.length, hellos(), receivers.isReceiving()]).to.deep.equal([1, 1, false]);
  });

  it('go on, and name the other deployment, when it is found later', async () => {
    await started();
    await passTime(clock, 1_000);
    expect(receivers.stranger()).to.equal(undefined);
    welcome();
    expect(receivers.stranger()).to.equal('other');
    expect(logger.sentences('error')).to.have.length(1);
    expect([fatal, receivers.isReceiving()]).to.deep.equal([[], true]);
  });

  it('end the process when the broker refuses one of their subscriptions', async () => {
    await started();
    source.refuse('SUBSCRIBE_REFUSED');
    await passTime(clock, 1_000);
    expect([fatal, receivers.isReceiving()]).to.deep.equal([['SUBSCRIBE_REFUSED'], false]);
  });

  describe('that are stopped', () => {
    async function stopped(): Promise<void> {
      await receivers.stop(1_000);
      await settled();
      expect([source.subscriptions, channel.listeners, clock.pending]).to.deep.equal([0, 0, 0]);
      channel.up();
      await passTime(clock, 60_000, { stepMs: 10_000 });
      expect([source.subscriptions, channel.listeners, clock.pending]).to.deep.equal([0, 0, 0]);
      expect([receivers.isReceiving(), fatal, logger.entries]).to.deep.equal([false, [], []]);
    }

    it('while they wait for the broker leave no listener, and begin nothing when it comes', async () => {
      channel.down();
      await started();
      expect(channel.listeners).to.equal(1);
      await stopped();
      expect(source.subscribed).to.equal(0);
    });

    it('while they wait for objections take nothing afterwards', async () => {
      await started();
      await passTime(clock, 500);
      await stopped();
      expect(source.subscribed).to.equal(1);
    });

    it('while a hello is not confirmed take its failure for no reason to end the process', async () => {
      channel.always('hold');
      await started();
      channel.down();
      await stopped();
    });

    it('while they subscribe end what comes of it', async () => {
      let confirm: (() => void) | undefined;
      const slow: MessageSource = {
        subscribe: async (destination, how) => {
          if (destination.name === own.replies.name)
            await new Promise<void>((resolve) => (confirm = resolve));
          return source.subscribe(destination, how);
        },
      };
      receivers = create({ broker: { channel, source: slow } });
      await started();
      await passTime(clock, 1_000);
      expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([all - 1, false]);
      await receivers.stop(1_000);
      confirm!();
      await settled();
      expect([source.subscriptions, receivers.isReceiving()]).to.deep.equal([0, false]);
    });

    it('while they receive end all of it within the deadline, the answers to hellos last', async () => {
      const ended: string[] = [];
      const deadlines: unknown[] = [];
      const noting: MessageSource = {
        subscribe: async (destination, how) => {
          const subscription: Subscription = await source.subscribe(destination, how);
          return {
            async unsubscribe(deadlineMs) {
              ended.push(destination.name);
              if (destination.name === own.control.name) deadlines.push(deadlineMs);
              else clock.advance(100);
              await subscription.unsubscribe(deadlineMs);
            },
          };
        },
      };
      receivers = create({ broker: { channel, source: noting } });
      await started();
      await passTime(clock, 1_000);
      expect(receivers.isReceiving()).to.equal(true);
      await receivers.stop(1_000);
      expect(receivers.isReceiving()).to.equal(false);
      expect(ended).to.have.length(all);
      expect([ended.at(-1), deadlines]).to.deep.equal([own.control.name, [600]]);
    });
  });
});
