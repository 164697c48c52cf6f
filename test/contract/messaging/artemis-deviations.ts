/** What ActiveMQ Artemis does otherwise than the others, and what it does instead. docs/brokers.md says it in words. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import type { MessagingContract } from '../messaging.suite.js';

export const artemisDeviations = {
  bench: { refused: queue('forbidden.queue') },
  skip: [
    {
      reason: 'of what a consumer held it marks the first message alone as redelivered',
      tests: ['gives unacknowledged deliveries to another, marked redelivered, when the connection ends'],
    },
    {
      reason: 'it hands the receipt header of a SEND to the consumer; nothing here copies it',
      tests: ['shows a STOMP service nothing of the receipt that was asked for'],
    },
  ],
  own: (test, bench) => {
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
