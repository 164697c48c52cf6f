import { expect } from 'chai';
import { topic } from '#core/destination.js';
import type { ControlBus, ControlNotice } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import { failureOf } from '../../support/errors.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';

const controlTopic = topic('replyto.control');

let channel: FakeChannel;
let source: FakeSource;
let bus: ControlBus;

function setUp(): void {
  const clock = createManualClock(5);
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
