import { expect } from 'chai';
import { topic } from '#core/destination.js';
import type { ControlBus, ControlNotice } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import { claimPrefix } from '#messaging/prefix-claim.js';
import { failureOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { createManualClock } from '../../support/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

const controlTopic = topic('replyto.control');

let clock: ManualClock;
let channel: FakeChannel;
let source: FakeSource;
let bus: ControlBus;

function setUp(): void {
  clock = createManualClock(5);
  channel = createFakeChannel();
  source = createFakeSource();
  bus = createControlBus({ channel, source, clock, topic: controlTopic, newId: () => 'notice' });
}

/** What the others on the bus hear of it. */
const published = (): unknown[] =>
  channel
    .sentTo(controlTopic.name)
    .map(({ message }) => JSON.parse(Buffer.from(message.body).toString()) as unknown);

const say = (notice: unknown): void => {
  const body = typeof notice === 'string' ? notice : JSON.stringify(notice);
  source.deliver(controlTopic.name, newMessage({ body: Buffer.from(body) }));
};

describe('the control bus', () => {
  beforeEach(setUp);

  it('publishes a notice as JSON on the topic of the deployment', async () => {
    await bus.publish({ type: 'cancel', requestId: 'order' });
    const [sent] = channel.sent;
    expect(sent!.destination).to.deep.equal(controlTopic);
    expect(sent!.message).to.include({ messageId: 'notice', contentType: 'application/json', time: 5 });
    expect(published()).to.deep.equal([{ type: 'cancel', requestId: 'order' }]);
  });

  it('rejects when the broker did not confirm', async () => {
    channel.down();
    expect((await failureOf(bus.publish({ type: 'cancel', requestId: 'order' }))).code).to.equal(
      'BROKER_UNAVAILABLE',
    );
  });

  it('hands on every kind of notice, and only what belongs to it', async () => {
    const heard: ControlNotice[] = [];
    await bus.subscribe((notice) => heard.push(notice));
    const notices: ControlNotice[] = [
      { type: 'cancel', requestId: 'order' },
      { type: 'hello', storeId: 's', instance: 'i' },
      { type: 'welcome', storeId: 's', instance: 'i' },
    ];
    for (const notice of notices) say({ ...notice, more: 'of a later version' });
    expect(heard).to.deep.equal(notices);
  });

  it('ignores what is no notice', async () => {
    const heard: ControlNotice[] = [];
    await bus.subscribe((notice) => heard.push(notice));
    for (const stranger of ['', 'oh no', 'null', '7', '[]', '"cancel"', {}, { type: 'later' }]) say(stranger);
    for (const type of ['cancel', 'hello', 'welcome']) {
      say({ type });
      say({ type, requestId: 7, storeId: 's', instance: 7 });
    }
    expect(heard).to.deep.equal([]);
  });
});

describe('claiming a prefix', () => {
  let logger: RecordingLogger;

  beforeEach(() => {
    setUp();
    logger = createRecordingLogger();
  });

  const claim = (): ReturnType<typeof claimPrefix> =>
    claimPrefix({ control: bus, prefix: 'replyto', storeId: 'mine', instance: 'i', clock, logger });

  it('says hello, waits a second for objections, and succeeds without any', async () => {
    let claimed = false;
    const claiming = claim().then((subscription) => ((claimed = true), subscription));
    await settled();
    expect(published()).to.deep.equal([{ type: 'hello', storeId: 'mine', instance: 'i' }]);
    clock.advance(999);
    await settled();
    expect(claimed).to.equal(false);
    clock.advance(1);
    await (await claiming).unsubscribe();
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  it('fails with PREFIX_TAKEN when another deployment answers, and leaves nothing', async () => {
    const claiming = failureOf(claim());
    await settled();
    say({ type: 'welcome', storeId: 'theirs', instance: 'other' });
    clock.advance(1_000);
    const error = await claiming;
    expect(error.code).to.equal('PREFIX_TAKEN');
    expect(error.message).to.match(/instance other.*'replyto'/u);
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  it('takes instances of the same store for friends', async () => {
    const claiming = claim();
    await settled();
    say({ type: 'welcome', storeId: 'mine', instance: 'friend' });
    say({ type: 'hello', storeId: 'mine', instance: 'friend' });
    say({ type: 'cancel', requestId: 'order' });
    clock.advance(1_000);
    await claiming;
    expect(published()).to.have.length(1);
  });

  it('answers the hello of another deployment, also long after its start', async () => {
    const claiming = claim();
    await settled();
    clock.advance(1_000);
    await claiming;
    say({ type: 'hello', storeId: 'theirs', instance: 'new' });
    expect(published().at(-1)).to.deep.equal({ type: 'welcome', storeId: 'mine', instance: 'i' });
  });

  it('survives a broker that does not take its answer', async () => {
    const claiming = claim();
    await settled();
    clock.advance(1_000);
    await claiming;
    channel.down();
    say({ type: 'hello', storeId: 'theirs', instance: 'new' });
    await settled();
    expect(logger.sentences('warn')).to.deep.equal([
      'another deployment uses this prefix and could not be told',
    ]);
  });

  it('leaves no subscription when its hello cannot be said', async () => {
    channel.down();
    expect((await failureOf(claim())).code).to.equal('BROKER_UNAVAILABLE');
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });
});
