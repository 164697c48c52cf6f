import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { Fault } from '#core/fault.js';
import { returnAddressOf } from '#core/return-address.js';
import { sendUntilConfirmed, toFaultMessage, toReplyMessage } from '#messaging/reply-sender.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeChannel, SendAnswer } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';

describe('a reply message', () => {
  const options = { clock: createManualClock(7), newId: () => 'reply' };
  const address = returnAddressOf(
    newMessage({ messageId: 'request', replyTo: queue('r'), properties: { storeId: 's' } }),
  )!;

  it('answers its request, with an id of its own and no reply address', () => {
    expect(toReplyMessage(address, 'yes', options)).to.deep.equal({
      messageId: 'reply',
      correlationId: 'request',
      replyTo: null,
      time: 7,
      contentType: 'text/plain; charset=utf-8',
      body: new TextEncoder().encode('yes'),
      properties: { storeId: 's' },
      applicationHeaders: {},
    });
  });

  it('is marked when it is a fault', () => {
    const message = toFaultMessage(address, new Fault('NO', 'never').toJSON(), options);
    expect(message.properties).to.deep.equal({ storeId: 's', fault: true });
    expect(message.contentType).to.equal('application/json');
  });
});

describe('sending until the broker has confirmed', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let over: AbortController;
  const message = newMessage();

  beforeEach(() => {
    clock = createManualClock();
    channel = createFakeChannel();
    over = new AbortController();
  });

  const sending = (): Promise<void> =>
    sendUntilConfirmed(() => channel.send(queue('r'), message), { channel, clock, signal: over.signal });

  const left = (): number[] => [clock.pending, channel.listeners];

  it('sends once when that is confirmed', async () => {
    await sending();
    expect([channel.sent.length, ...left()]).to.deep.equal([1, 0, 0]);
  });

  for (const answer of [
    'SEND_UNCONFIRMED',
    'RECEIPT_TIMEOUT',
    'BROKER_FULL',
    'BROKER_UNAVAILABLE',
  ] as const satisfies SendAnswer[]) {
    it(`sends again after ${answer}, a second later`, async () => {
      channel.next(answer, answer);
      const sent = sending();
      await passTime(clock, 1_999, { stepMs: 1_999 });
      expect(channel.sent).to.have.length(2);
      await passTime(clock, 1_000);
      await sent;
      expect([channel.sent.length, ...left()]).to.deep.equal([3, 0, 0]);
    });
  }

  it('sends again as soon as the channel comes up', async () => {
    channel.down();
    const sent = sending();
    await settled();
    channel.up();
    await sent;
    expect([channel.sent.length, ...left()]).to.deep.equal([1, 0, 0]);
  });

  it('gives up when the broker refuses', async () => {
    for (const code of ['SEND_REFUSED', 'INVALID_ARGUMENT'] as const) {
      channel.next(code);
      expect((await failureOf(sending())).code).to.equal(code);
    }
    expect([channel.sent.length, ...left()]).to.deep.equal([2, 0, 0]);
  });

  it('gives up when it is told to, but not before one try', async () => {
    channel.down();
    const sent = failureOf(sending());
    await settled();
    over.abort();
    expect((await sent).code).to.equal('SHUTTING_DOWN');
    expect((await failureOf(sending())).code).to.equal('SHUTTING_DOWN');
    channel.up();
    await sending();
    expect(left()).to.deep.equal([0, 0]);
  });

  it('hands on what is no error of the table as INTERNAL, with its cause', async () => {
    const cause = new Error('a bug');
    const error = await failureOf(
      sendUntilConfirmed(() => Promise.reject(cause), { channel, clock, signal: over.signal }),
    );
    expect(error).to.include({ code: 'INTERNAL', cause });
  });
});
