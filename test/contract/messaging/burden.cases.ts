import { expect } from 'chai';
import type { ReplytoError } from '#core/errors.js';
import { toReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { Delivery } from '#core/ports/message-source.js';
import { encodeRawFrame } from '../../support/raw-stomp.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { until } from '../../support/until.js';
import type { Bench, Messaging } from './bench.js';
import type { Case } from './case.js';

/** Large messages, slow consumers, refusals in the midst of others, and what strangers leave out or say twice. */
export function burdenCases(test: Case, bench: Bench): void {
  test('shares large texts between two slow consumers that take one at a time', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inboxes = [
      await bench.inbox(messaging, destination, { prefetch: 1, acknowledge: false }),
      await bench.inbox(await bench.connect(), destination, { prefetch: 1, acknowledge: false }),
    ];
    const body = Buffer.alloc(200 * 1024, 'large');
    const sent = Array.from({ length: 6 }, () => newMessage({ contentType: 'text/plain', body }));
    for (const message of sent) await messaging.channel.send(destination, message);
    await until(() => inboxes.every(({ deliveries }) => deliveries.length === 1), {
      what: 'one delivery for each of two consumers',
    });
    const acknowledged = new Set<Delivery>();
    const everything = (): Delivery[] => inboxes.flatMap(({ deliveries }) => [...deliveries]);
    await until(
      () => {
        for (const delivery of everything()) {
          if (!acknowledged.has(delivery)) delivery.acknowledge();
          acknowledged.add(delivery);
        }
        return acknowledged.size >= sent.length;
      },
      { what: 'all large messages' },
    );
    expect(everything().map(({ message }) => message.messageId)).to.have.members(
      sent.map(({ messageId }) => messageId),
    );
    for (const { message } of everything()) expect(Buffer.from(message.body).equals(body)).to.equal(true);
  });

  test('loses nothing of what is under way beside a send that is refused, and refuses that one alone', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const messages = Array.from({ length: 60 }, () => newMessage());
    const good = messages.map((message) =>
      sendAgain(messaging, () => messaging.channel.send(destination, message)),
    );
    const refusals = Array.from({ length: 3 }, () =>
      sendAgain(messaging, () => messaging.channel.send(bench.refused(), newMessage())),
    );
    expect((await Promise.all(refusals)).map((error) => error?.code)).to.deep.equal(
      Array.from({ length: 3 }, () => 'SEND_REFUSED'),
    );
    expect(await Promise.all(good)).to.deep.equal(messages.map(() => null));
    await until(() => new Set(inbox.ids()).size === messages.length, { what: 'every message' });
    expect(inbox.ids()).to.include.members(messages.map(({ messageId }) => messageId));
  });

  test('gives a message that has no id of its own the same one again, where the broker does', async () => {
    const destination = uniqueQueue();
    const stranger = await bench.raw();
    await stranger.send(destination.name, { 'correlation-id': 'c' }, 'a reply without an id');
    const received = async (): Promise<Message> => {
      const messaging = await bench.connect();
      const inbox = await bench.inbox(messaging, destination, { acknowledge: false });
      const [delivery] = await inbox.atLeast(1);
      await messaging.stop();
      expect(delivery!.message.messageId).to.equal(delivery!.brokerId!.value);
      return delivery!.brokerId!.stable ? delivery!.message : newMessage({ messageId: 'new each time' });
    };
    const [before, after] = [await received(), await received()];
    expect(after.messageId).to.equal(before.messageId);
  });

  test('learns whether a queue may be consumed, and takes nothing from it', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const asking = await bench.connect();
    const how = { prefetch: 1, takesNothing: true, onDelivery: () => expect.fail('a delivery') };
    const subscription = await asking.source.subscribe(destination, how);
    const sent = [newMessage(), newMessage()];
    for (const message of sent) await messaging.channel.send(destination, message);
    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(2);
    await subscription.unsubscribe();
    expect(inbox.ids()).to.deep.equal(sent.map(({ messageId }) => messageId));
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).to.deep.equal([false, false]);
  });

  test('takes the first of two headers of one name', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const stranger = await bench.raw();
    const frame = encodeRawFrame(
      'SEND',
      { ...stranger.toQueue(destination.name), 'Message-ID': 'first' },
      '{}',
    );
    const lines = frame
      .toString()
      .replace('Message-ID:first\n', 'Message-ID:first\nMessage-ID:second\nx-a:1\nx-a:2\n');
    stranger.write(lines);
    const [delivery] = await inbox.atLeast(1);
    expect(delivery!.message).to.deep.include({ messageId: 'first', applicationHeaders: { 'x-a': '1' } });
  });
}

/** Sends until it is confirmed, as the outbox relay does; what the broker refused is given back. */
async function sendAgain({ channel }: Messaging, send: () => Promise<void>): Promise<ReplytoError | null> {
  for (;;) {
    try {
      await send();
      return null;
    } catch (error) {
      const failure = toReplytoError(error);
      if (!failure.retryable) return failure;
      await until(() => channel.isUp(), { what: 'the return of the channel' });
    }
  }
}
