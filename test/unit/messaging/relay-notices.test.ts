import { expect } from 'chai';
import { topic } from '#core/destination.js';
import type { RelayNotices } from '#messaging/relay-notices.js';
import { createRelayNotices } from '#messaging/relay-notices.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import { newMessage } from '../../support/messages.js';
import { createRecordingLogger } from '../../support/recording.js';

const outbox = topic('p.outbox');

describe('notices of work to those that send', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let source: FakeSource;
  let woken: string[];
  let notices: RelayNotices;

  beforeEach(() => {
    clock = createManualClock();
    channel = createFakeChannel();
    source = createFakeSource();
    woken = [];
    notices = createRelayNotices({
      ...{ channel, source, clock, newId: () => 'id', topic: outbox, logger: createRecordingLogger() },
      relay: {
        wakeRequests: () => void woken.push('requests'),
        wakeDeliveries: () => void woken.push('deliveries'),
        wakeMessages: () => void woken.push('messages'),
      },
    });
  });
  afterEach(async () => {
    await notices.stop(1_000);
    expect([source.subscriptions, clock.pending]).to.deep.equal([0, 0]);
  });

  const told = (): unknown[] =>
    channel
      .sentTo(outbox.name)
      .map(({ message }) => JSON.parse(Buffer.from(message.body).toString()) as unknown);

  it('tell at once which line has work', async () => {
    notices.wakeRequests();
    await settled();
    notices.wakeDeliveries();
    await settled();
    notices.wakeMessages();
    await settled();
    expect(told()).to.deep.equal([
      { lines: ['requests'] },
      { lines: ['deliveries'] },
      { lines: ['messages'] },
    ]);
  });

  it('are one for all that came while the last one was being confirmed', async () => {
    channel.always('hold');
    notices.wakeRequests();
    for (let turn = 0; turn < 100; turn += 1) {
      notices.wakeRequests();
      notices.wakeMessages();
    }
    await settled();
    expect(told()).to.have.length(1);
    channel.always('confirm');
    channel.sent[0]!.answer('confirm');
    await settled();
    expect(told().slice(1)).to.deep.equal([{ lines: ['requests', 'messages'] }]);
  });

  it('may be lost, and those after them are told', async () => {
    channel.down();
    notices.wakeRequests();
    await settled();
    expect(told()).to.deep.equal([]);
    channel.up();
    channel.always('SEND_REFUSED');
    notices.wakeRequests();
    await settled();
    channel.always('confirm');
    notices.wakeRequests();
    await settled();
    expect(told()).to.have.length(2);
  });

  it('wake the lines that they name, and nothing else', async () => {
    await notices.start();
    for (const body of [
      '{"lines":["messages","requests"]}',
      '{"lines":["wakeRequests",7,"toString"]}',
      '{}',
      'no',
    ]) {
      source.deliver(outbox.name, newMessage({ body: Buffer.from(body) }));
    }
    expect(woken).to.deep.equal(['messages', 'requests']);
  });

  it('are told no more after the stop', async () => {
    await notices.stop(1_000);
    notices.wakeRequests();
    await settled();
    expect(told()).to.deep.equal([]);
  });
});
