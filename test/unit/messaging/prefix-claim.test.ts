import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { topic } from '#core/destination.js';
import type { Subscription } from '#core/ports/message-source.js';
import type { ControlBus } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import type { PrefixClaim, PrefixClaimOptions } from '#messaging/prefix-claim.js';
import { createPrefixClaim } from '#messaging/prefix-claim.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

const controlTopic = topic('replyto.control');
const hello = { type: 'hello', storeId: 'mine', instance: 'i' };

describe('claiming a prefix', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let source: FakeSource;
  let bus: ControlBus;
  let logger: RecordingLogger;
  let claim: PrefixClaim;
  /** Its connection is away: what is published does not come to it. */
  let isDeaf: boolean;

  function create(options: Partial<PrefixClaimOptions> = {}): PrefixClaim {
    return createPrefixClaim({
      ...{ control: bus, channel, clock, logger, prefix: 'replyto', storeId: 'mine', instance: 'i' },
      awaitsObjections: true,
      ...options,
    });
  }

  beforeEach(() => {
    clock = createManualClock(5);
    channel = createFakeChannel();
    source = createFakeSource();
    bus = createControlBus({ channel, source, clock, topic: controlTopic, newId: () => 'notice' });
    logger = createRecordingLogger();
    claim = create();
    isDeaf = false;
    channel.onSend(({ message }) => {
      if (!isDeaf && source.subscriptions > 0) source.deliver(controlTopic.name, message);
    });
  });

  /** What the others on the bus hear of it. */
  const published = (): unknown[] =>
    channel
      .sentTo(controlTopic.name)
      .map(({ message }) => JSON.parse(Buffer.from(message.body).toString()) as unknown);

  const say = (notice: unknown): void =>
    void source.deliver(controlTopic.name, newMessage({ body: Buffer.from(JSON.stringify(notice)) }));

  const welcome = (instance = 'other'): void => say({ type: 'welcome', storeId: 'theirs', instance });

  const leftOver = (): number[] => [source.subscriptions, channel.listeners, clock.pending];

  async function claimed(): Promise<void> {
    const starting = claim.start();
    await settled();
    clock.advance(1_000);
    await starting;
  }

  describe('at the start', () => {
    it('says hello, waits a second for objections, and succeeds without any', async () => {
      let isClaimed = false;
      const starting = claim.start().then(() => (isClaimed = true));
      await settled();
      expect(published()).to.deep.equal([hello]);
      clock.advance(999);
      await settled();
      expect(isClaimed).to.equal(false);
      clock.advance(1);
      await starting;
      expect(claim.stranger()).to.equal(undefined);
      await claim.stop(1_000);
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });

    it('fails with PREFIX_TAKEN when another deployment answers, and leaves nothing', async () => {
      const starting = failureOf(claim.start());
      await settled();
      welcome();
      clock.advance(1_000);
      const error = await starting;
      expect(error.code).to.equal('PREFIX_TAKEN');
      expect(error.message).to.match(/instance other.*'replyto'.*give each/u);
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });

    it('takes instances of the same store for friends', async () => {
      const starting = claim.start();
      await settled();
      say({ type: 'welcome', storeId: 'mine', instance: 'friend' });
      say({ type: 'hello', storeId: 'mine', instance: 'friend' });
      say({ type: 'cancel', requestId: 'order' });
      clock.advance(1_000);
      await starting;
      expect(published()).to.have.length(1);
    });

    it('does not wait where nobody can have been before, and says hello and answers all the same', async () => {
      claim = create({ awaitsObjections: false });
      await claim.start();
      say({ type: 'hello', storeId: 'theirs', instance: 'new' });
      expect(published()).to.deep.equal([hello, { ...hello, type: 'welcome' }]);
    });

    it('says hello again, and waits again, when the channel came up again meanwhile', async () => {
      let isClaimed = false;
      const starting = failureOf(claim.start().then(() => (isClaimed = true)));
      await settled();
      clock.advance(500);
      channel.down();
      channel.up();
      await passTime(clock, 500);
      expect([isClaimed, published()]).to.deep.equal([false, [hello, hello]]);
      welcome();
      clock.advance(1_000);
      expect((await starting).code).to.equal('PREFIX_TAKEN');
    });

    it('waits no longer when the broker confirms ten hellos and sends none back; the second time it claims unheard', async () => {
      isDeaf = true;
      const first = failureOf(claim.start());
      await passTime(clock, 11_000);
      expect((await first).code).to.equal('RECEIPT_TIMEOUT');
      expect(published()).to.have.length(10);
      let isClaimed = false;
      const second = claim.start().then(() => (isClaimed = true));
      await passTime(clock, 11_000);
      expect(isClaimed).to.equal(true);
      await second;
    });

    it('says hello every second until it comes back, because a silence proves nothing before', async () => {
      isDeaf = true;
      const starting = claim.start();
      await passTime(clock, 3_000);
      expect(published()).to.deep.equal([hello, hello, hello, hello]);
      isDeaf = false;
      await passTime(clock, 1_000);
      expect(published()).to.have.length(5);
      await passTime(clock, 1_000);
      await starting;
      expect(published()).to.have.length(5);
    });

    it('leaves nothing when its hello cannot be said, or the broker goes before anybody could object', async () => {
      channel.down();
      expect((await failureOf(claim.start())).code).to.equal('BROKER_UNAVAILABLE');
      expect(leftOver()).to.deep.equal([0, 0, 0]);
      channel.up();
      const starting = failureOf(claim.start());
      await settled();
      channel.down();
      clock.advance(1_000);
      expect((await starting).code).to.equal('BROKER_UNAVAILABLE');
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });

    it('fails when its hello is not confirmed, and succeeds when the broker does not take the second one either', async () => {
      for (const answer of ['RECEIPT_TIMEOUT', 'SEND_UNCONFIRMED', 'hold'] as const) {
        claim = create();
        channel.always(answer);
        const first = failureOf(claim.start());
        await passTime(clock, 10_000);
        expect((await first).retryable, answer).to.equal(true);
        expect(leftOver(), answer).to.deep.equal([0, 0, 0]);
        const second = claim.start();
        await passTime(clock, 10_000);
        await second;
        expect(logger.sentences('warn').at(-1), answer).to.match(/confirms nothing.*before it is known/u);
        expect(source.subscriptions, answer).to.equal(1);
        await claim.stop(1_000);
        channel.down();
        channel.up();
      }
    });

    it('fails with PREFIX_TAKEN when another deployment is heard although the hello is not confirmed', async () => {
      channel.always('hold');
      const first = failureOf(claim.start());
      await passTime(clock, 10_000);
      await first;
      const second = failureOf(claim.start());
      await settled();
      welcome();
      await passTime(clock, 10_000);
      expect((await second).code).to.equal('PREFIX_TAKEN');
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });

    it('is not taken for made when the broker goes away each time', async () => {
      channel.always('hold');
      for (let time = 0; time < 5; time += 1) {
        const starting = failureOf(claim.start());
        await settled();
        channel.down();
        await settled();
        channel.up();
        expect((await starting).code).to.equal('SEND_UNCONFIRMED');
      }
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });

    it('can be tried again, with nothing of the first time left', async () => {
      const starting = failureOf(claim.start());
      await settled();
      welcome();
      clock.advance(1_000);
      await starting;
      await claimed();
      expect([claim.stranger(), source.subscriptions, channel.listeners]).to.deep.equal([undefined, 1, 1]);
    });
  });

  describe('once it is made', () => {
    it('answers the hello of another deployment, however late', async () => {
      await claimed();
      await passTime(clock, 20_000, { stepMs: 5_000 });
      say({ type: 'hello', storeId: 'theirs', instance: 'new' });
      expect(published().at(-1)).to.deep.equal({ ...hello, type: 'welcome' });
    });

    it('survives a broker that does not take its answer', async () => {
      await claimed();
      channel.down();
      say({ type: 'hello', storeId: 'theirs', instance: 'new' });
      await settled();
      expect(logger.sentences('warn')).to.deep.equal([
        'another deployment uses this prefix and could not be told',
      ]);
    });

    it('says hello again each time the channel comes up, and every 30 s', async () => {
      await claimed();
      channel.down();
      channel.up();
      await settled();
      expect(published()).to.deep.equal([hello, hello]);
      await passTime(clock, 29_999, { stepMs: 29_999 });
      expect(published()).to.have.length(2);
      await passTime(clock, 1);
      expect(published()).to.have.length(3);
      await passTime(clock, 30_000, { stepMs: 1_000 });
      expect(published()).to.have.length(4);
    });

    it('says it until it comes back, because its own subscription may come up after the channel', async () => {
      await claimed();
      isDeaf = true;
      channel.up();
      channel.up();
      await passTime(clock, 2_000);
      expect(published()).to.have.length(4);
      isDeaf = false;
      await passTime(clock, 3_000);
      expect(published()).to.have.length(5);
    });

    it('tells of another deployment as an error, each time it answers, and goes on', async () => {
      await claimed();
      channel.up();
      await settled();
      welcome();
      await passTime(clock, 30_000);
      welcome('restarted');
      expect(logger.sentences('error')).to.have.length(2);
      expect(logger.entries.at(-1)!.facts).to.include({ prefix: 'replyto', stranger: 'restarted' });
      expect(logger.entries.at(-1)!.sentence).to.match(/instance restarted.*'replyto'.*give each/u);
      expect([claim.stranger(), source.subscriptions]).to.deep.equal(['restarted', 1]);
    });

    it('forgets it when it does not answer any more', async () => {
      await claimed();
      await passTime(clock, 30_000);
      welcome();
      await passTime(clock, 29_750);
      expect(claim.stranger()).to.equal('other');
      // The next hello, and a second without an answer.
      await passTime(clock, 1_250);
      expect(claim.stranger()).to.equal(undefined);
      expect(logger.sentences('info')).to.deep.equal(['no other deployment uses this prefix any more']);
    });

    it('remembers it while there is no broker to ask', async () => {
      await claimed();
      await passTime(clock, 30_000);
      welcome();
      channel.down();
      await passTime(clock, 90_000, { stepMs: 1_000 });
      expect([claim.stranger(), published().length]).to.deep.equal(['other', 2]);
    });

    it('while the broker confirmed nothing, asks on, and tells of another deployment when it can', async () => {
      channel.always('RECEIPT_TIMEOUT');
      await failureOf(claim.start());
      await claim.start();
      expect(published()).to.have.length(2);
      await passTime(clock, 30_000, { stepMs: 1_000 });
      expect(published()).to.have.length(3);
      channel.always('confirm');
      await passTime(clock, 30_000, { stepMs: 1_000 });
      expect(published()).to.have.length(4);
      welcome();
      expect(logger.sentences('error')).to.have.length(1);
      expect(claim.stranger()).to.equal('other');
    });

    it('does not ask whenever the channel comes up when asking is refused, because that ends the connection', async () => {
      await claimed();
      channel.always('SEND_REFUSED');
      for (let up = 0; up < 3; up += 1) {
        channel.up();
        await settled();
      }
      expect(published()).to.have.length(2);
      await passTime(clock, 30_000, { stepMs: 1_000 });
      expect(published()).to.have.length(3);
      expect(logger.sentences('warn')).to.have.length(1);
      channel.always('confirm');
      await passTime(clock, 31_000, { stepMs: 1_000 });
      channel.up();
      await settled();
      expect(published()).to.have.length(5);
    });
  });

  describe('that is stopped', () => {
    /** The start ends although neither time nor the broker moves. */
    async function ends(starting: Promise<void>): Promise<void> {
      await claim.stop(1_000);
      await starting;
      await settled();
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    }

    it('while it waits for objections ends at once, and nothing is left', async () => {
      const starting = claim.start();
      await settled();
      await ends(starting);
    });

    it('while its hello is not confirmed ends at once', async () => {
      channel.always('hold');
      const starting = claim.start();
      await settled();
      await ends(starting);
      // The failure that comes with the end of the connection is nobody's any more.
      channel.down();
      await settled();
      expect(logger.entries).to.deep.equal([]);
    });

    it('while it subscribes ends at once, and a subscription that comes later is ended', async () => {
      const subscription = createDeferred<Subscription>();
      let ended = 0;
      claim = create({ control: { ...bus, subscribe: () => subscription.promise } });
      const starting = claim.start();
      await ends(starting);
      subscription.resolve({ unsubscribe: () => Promise.resolve(void (ended += 1)) });
      await settled();
      expect([ended, published()]).to.deep.equal([1, []]);
    });

    it('passes its deadline on', async () => {
      const deadlines: unknown[] = [];
      const noting: ControlBus = {
        ...bus,
        async subscribe(onNotice) {
          await bus.subscribe(onNotice);
          return { unsubscribe: (deadlineMs) => Promise.resolve(void deadlines.push(deadlineMs)) };
        },
      };
      claim = create({ control: noting });
      await claimed();
      await claim.stop(300);
      expect(deadlines).to.deep.equal([300]);
    });

    it('asks no more', async () => {
      await claimed();
      await claim.stop(1_000);
      channel.up();
      await passTime(clock, 60_000, { stepMs: 5_000 });
      expect(published()).to.deep.equal([hello]);
      expect(leftOver()).to.deep.equal([0, 0, 0]);
    });
  });
});
