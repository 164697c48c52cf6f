import { expect } from 'chai';
import fc from 'fast-check';
import type { Store } from '#adapters/store/store.js';
import { ownDestinations, queue } from '#core/destination.js';
import { headerProblem } from '#core/header-text.js';
import { toMessageBlock } from '#core/message.js';
import type { DeadLetter } from '#core/ports/dead-letters.js';
import type { Delivery } from '#core/ports/message-source.js';
import { createDeadLetterChannel, createDeadLetterKeeper } from '#messaging/dead-letter-channel.js';
import type { GuardedConsumer } from '#messaging/guarded-consumer.js';
import {
  createInvalidMessageChannel,
  createInvalidMessageKeeper,
} from '#messaging/invalid-message-channel.js';
import { failureOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { CountingMeter } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';

const destination = queue('replyto.dead-letters');

function failed(parts: Partial<Delivery['message']> = {}): Delivery {
  return {
    message: newMessage({ messageId: 'request', replyTo: queue('r'), ...parts }),
    headers: {},
    brokerId: null,
    redelivered: false,
    destination: queue('prices'),
    acknowledge: () => true,
  };
}

describe('sending a failed message', () => {
  let channel: FakeChannel;
  const clock = createManualClock(9);

  beforeEach(() => {
    channel = createFakeChannel();
  });

  const options = (): Parameters<typeof createDeadLetterChannel>[0] => ({
    ...{ channel, clock, destination },
    newId: () => 'letter',
  });

  it('sends a copy with the reason, where it came from, and where it wanted its reply', async () => {
    const delivery = failed({ properties: { project: 'shop' }, applicationHeaders: { 'x-a': '1' } });
    await createDeadLetterChannel(options()).deadLetter(delivery, 'no database')();
    expect(channel.sent[0]!.destination).to.deep.equal(destination);
    expect(channel.sent[0]!.message).to.deep.equal({
      ...delivery.message,
      messageId: 'letter',
      correlationId: 'request',
      replyTo: queue('r'),
      time: 9,
      applicationHeaders: {
        'x-a': '1',
        'x-reason': 'no database',
        'x-original-queue': 'prices',
        'x-original-message-id': 'request',
      },
    });
  });

  it('keeps the correlation id of a reply', async () => {
    const delivery = failed({ correlationId: 'asked' });
    await createInvalidMessageChannel(options()).reject(delivery, 'it is none')();
    expect(channel.sent[0]!.message.correlationId).to.equal('asked');
  });

  it('resolves with the receipt, and rejects without one', async () => {
    channel.next('SEND_UNCONFIRMED');
    const letters = createDeadLetterChannel(options());
    expect((await failureOf(letters.deadLetter(failed(), 'no')())).code).to.equal('SEND_UNCONFIRMED');
  });

  it('sends it without its own headers when those cannot travel', async () => {
    channel.next('INVALID_ARGUMENT');
    const delivery = failed({ properties: { project: 'shop' }, applicationHeaders: { 'x-a': '1' } });
    await createDeadLetterChannel(options()).deadLetter(delivery, 'no')();
    const { message } = channel.sent[1]!;
    expect([message.messageId, message.body, message.properties, message.replyTo]).to.deep.equal([
      'letter',
      delivery.message.body,
      {},
      null,
    ]);
    expect(message.applicationHeaders).to.deep.equal({
      'x-reason': 'no',
      'x-original-queue': 'prices',
      'x-original-message-id': 'request',
    });
  });

  it('is the same message however often it is sent', async () => {
    let ids = 0;
    const send = createDeadLetterChannel({ ...options(), newId: () => `letter-${++ids}` }).deadLetter(
      failed(),
      'no',
    );
    channel.next('SEND_UNCONFIRMED');
    expect((await failureOf(send())).code).to.equal('SEND_UNCONFIRMED');
    await send();
    expect(channel.sent.map(({ message }) => message.messageId)).to.deep.equal(['letter-1', 'letter-1']);
  });

  it('makes a header that travels out of any reason', async () => {
    const letters = createDeadLetterChannel(options());
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 3_000 }), async (reason) => {
        await letters.deadLetter(failed(), reason)();
        const sent = channel.sent.at(-1)!.message.applicationHeaders['x-reason']!;
        expect(headerProblem('x-reason', sent)).to.equal(undefined);
        expect(sent.length).to.be.at.most(1_000);
      }),
    );
    await letters.deadLetter(failed(), 'first line\r\n\tsecond \\n line  ')();
    expect(channel.sent.at(-1)!.message.applicationHeaders['x-reason']).to.equal('first line second  n line');
  });
});

describe('keeping failed messages', () => {
  let clock: ManualClock;
  let store: Store;
  let source: FakeSource;
  let meter: CountingMeter;
  let keeper: GuardedConsumer;
  let kept: DeadLetter[];

  async function start(create: typeof createDeadLetterKeeper): Promise<void> {
    clock = createManualClock();
    store = openMemoryStore(clock);
    source = createFakeSource();
    meter = createCountingMeter();
    kept = [];
    keeper = create({
      ...{ source, clock, meter, destination, own: ownDestinations('replyto') },
      logger: createRecordingLogger(),
      deadLetters: {
        ...store.deadLetters,
        keep: (letter) => {
          kept.push(letter);
          return store.deadLetters.keep(letter);
        },
      },
      checkStore: () => store.check(),
    });
    await keeper.start();
  }

  afterEach(async () => {
    await keeper.stop(0);
    await store.close();
  });

  it('moves a dead letter into the store, once, and acknowledges it', async () => {
    await start(createDeadLetterKeeper);
    const message = newMessage({
      messageId: 'letter',
      applicationHeaders: { 'x-reason': 'no database', 'x-original-queue': 'prices' },
    });
    const headers = { 'message-id': 'ID:1', 'x-reason': 'no database' };
    for (let count = 0; count < 2; count += 1) {
      const delivery = source.deliver(destination.name, message, { headers });
      await settled();
      expect(delivery.isAcknowledged).to.equal(true);
    }
    const { body } = message;
    const [id, kind, reason] = ['dead-letter letter', 'dead-letter', 'no database'] as const;
    expect(kept[0]).to.deep.include({ id, kind, reason, queue: 'prices', headers, body });
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 1 });
    expect(meter.counts()).to.deep.equal({ 'messages-dead-lettered': 1 });
  });

  it('takes what anybody sends there, with or without a reason', async () => {
    await start(createInvalidMessageKeeper);
    source.deliver(destination.name, newMessage());
    await settled();
    expect(kept[0]).to.include({ kind: 'invalid', reason: 'no reason was given', queue: destination.name });
    expect(meter.counts()).to.deep.equal({ 'messages-invalid': 1 });
  });

  it('takes no name of a queue from a stranger that could be none', async () => {
    await start(createDeadLetterKeeper);
    const applicationHeaders = { 'x-reason': 'a\u0000b', 'x-original-queue': 'a\u0000b' };
    const delivery = source.deliver(destination.name, newMessage({ applicationHeaders }));
    await settled();
    expect([kept[0]!.queue, delivery.isAcknowledged]).to.deep.equal([destination.name, true]);
  });

  it('keeps the message that failed as it was before its copy was sent', async () => {
    await start(createDeadLetterKeeper);
    const channel = createFakeChannel();
    const letters = createDeadLetterChannel({ channel, clock, destination, newId: () => 'letter' });
    const parts = { properties: { project: 'shop', attempt: 3 }, applicationHeaders: { 'x-a': '1' } };
    const request = failed(parts);
    const reply = failed({ ...parts, messageId: 'reply', correlationId: 'asked', replyTo: null });
    for (const delivery of [request, reply]) {
      await letters.deadLetter(delivery, 'no database')();
      source.deliver(destination.name, channel.sent.at(-1)!.message);
      await settled();
      expect(kept.at(-1)!.again).to.deep.equal({
        destination: queue('prices'),
        message: { ...toMessageBlock(delivery.message), time: clock.now() },
      });
    }
  });

  it('lets nobody send again what a stranger would have sent to a queue of the product or the broker, or to none', async () => {
    await start(createDeadLetterKeeper);
    for (const name of ['activemq.management', 'replyto.replies', 'replyto.control', undefined]) {
      const applicationHeaders = name === undefined ? {} : { 'x-original-queue': name };
      source.deliver(destination.name, newMessage({ applicationHeaders }));
      await settled();
      expect(kept.at(-1), name)
        .to.include({ queue: name ?? destination.name })
        .and.not.to.have.property('again');
    }
  });
});
