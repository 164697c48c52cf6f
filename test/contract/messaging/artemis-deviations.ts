/** What ActiveMQ Artemis does otherwise than the others, and what it does instead. docs/brokers.md says it in words. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { Destination } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { sendUntilJudged } from '../../support/send-until-judged.js';
import { until } from '../../support/until.js';
import type { MessagingContract } from '../messaging.suite.js';

export const artemisDeviations = {
  bench: { refused: () => queue('forbidden.queue') },
  skip: [
    {
      reason: 'of what a consumer held it marks the first message alone as redelivered',
      tests: ['gives unacknowledged deliveries to another, marked redelivered, when the connection ends'],
    },
    {
      reason:
        'an ERROR ends its connection, and what was under way beside a refused send counts as unconfirmed and is sent again',
      tests: ['confirms what goes elsewhere while one send after the other is refused'],
    },
    {
      reason: 'it hands the receipt header of a SEND to the consumer; nothing here copies it',
      tests: ['shows a STOMP service nothing of the receipt that was asked for'],
    },
  ],
  own: (test, bench) => {
    test('names a queue that only an administrator makes, and was not made', async () => {
      const { channel, source } = await bench.connect();
      const strict = queue('strict.orders');
      const says = 'Destination does not exist strict.orders';
      const refused = await failureOf(channel.send(strict, newMessage()));
      expect(refused).to.include({ code: 'SEND_REFUSED', destination: 'strict.orders' });
      expect(refused.message).to.contain(says);
      const failing = source.subscribe(strict, { prefetch: 1, onDelivery: () => undefined });
      expect(await failureOf(failing))
        .to.have.property('message')
        .that.contains(says);
    });

    test('refuses what is sent to an address that has no queue and gets none by itself', async () => {
      const { channel } = await bench.connect();
      const refused = await failureOf(channel.send(queue('bare.orders'), newMessage()));
      expect(refused).to.include({ code: 'SEND_REFUSED', destination: 'bare.orders' });
    });

    test('confirms what is sent as it stands to an address where nobody listens, and drops it', async () => {
      const { channel } = await bench.connect();
      const nobody: Destination = { kind: 'opaque', name: uniqueQueue('nobody').name };
      await channel.send(nobody, newMessage());
      const client = await bench.raw();
      await client.confirmed('SUBSCRIBE', { id: 'late', destination: nobody.name });
      const heard = newMessage();
      await channel.send(nobody, heard);
      expect((await client.take('MESSAGE')).headers['Message-ID']).to.equal(heard.messageId);
    });

    test('confirms what goes elsewhere while one send after the other is refused, when it is sent again', async () => {
      const messaging = await bench.connect();
      const destination = uniqueQueue('innocent');
      const messages = Array.from({ length: 60 }, () => newMessage());
      const sends: Promise<ReplytoError | null>[] = [];
      for (const [index, message] of messages.entries()) {
        sends.push(sendUntilJudged(messaging.channel, destination, message));
        if (index % 20 === 10) sends.push(sendUntilJudged(messaging.channel, bench.refused(), newMessage()));
      }
      const refused = (await Promise.all(sends)).filter((outcome) => outcome !== null);
      expect(refused.map(({ code }) => code)).to.deep.equal(Array(3).fill('SEND_REFUSED'));
      const inbox = await bench.inbox(messaging, destination);
      // One that was sent again may be there twice.
      await until(() => new Set(inbox.ids()).size >= messages.length, { what: 'all messages' });
      expect(new Set(inbox.ids())).to.deep.equal(new Set(messages.map(({ messageId }) => messageId)));
    });

    test('answers to an address with slashes as it stands, because it may be the name of a queue', async () => {
      const messaging = await bench.connect();
      const requests = uniqueQueue('requests');
      const inbox = await bench.inbox(messaging, requests);
      const client = await bench.raw();
      const address = `/queue/${uniqueQueue('answers').name}`;
      await client.confirmed('SUBSCRIBE', { id: 'answers', destination: address });
      await client.send(requests.name, { 'reply-to': address }, '{}');
      const [{ message: request }] = (await inbox.atLeast(1)) as [Delivery];
      expect(request.replyTo).to.deep.equal({ kind: 'opaque', name: address });
      await messaging.channel.send(request.replyTo!, newMessage({ correlationId: 'c' }));
      expect((await client.take('MESSAGE')).headers['correlation-id']).to.equal('c');
    });

    test('gives unacknowledged deliveries to another when the connection ends, one of them marked redelivered', async () => {
      const destination = uniqueQueue();
      const leaving = await bench.connect();
      const sent = Array.from({ length: 3 }, () => newMessage());
      for (const message of sent) await leaving.channel.send(destination, message);
      await (await bench.inbox(leaving, destination, { acknowledge: false })).atLeast(3);
      await leaving.stop();

      const inbox = await bench.inbox(await bench.connect(), destination);
      await inbox.atLeast(3);
      expect(inbox.ids()).to.deep.equal(sent.map(({ messageId }) => messageId));
      expect(inbox.deliveries.map(({ redelivered }) => redelivered)).to.deep.equal([true, false, false]);
    });
  },
} satisfies Pick<MessagingContract, 'bench' | 'skip' | 'own'>;
