/** What the embedded broker does otherwise than the others, and what it does instead. */
import { expect } from 'chai';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import type { MessagingContract } from '../messaging.suite.js';

export const embeddedDeviations = {
  skip: [
    {
      reason: 'it knows no expiry, and keeps every message until somebody takes it',
      tests: ['drops at the broker what has outlived its time, where it is asked to'],
    },
  ],
  own: (test, bench) => {
    test('delivers what has outlived its time all the same', async () => {
      const messaging = await bench.connect();
      const destination = uniqueQueue('expired');
      const message = newMessage();
      await messaging.channel.send(destination, message, { brokerExpiresAt: Date.now() - 1 });
      const inbox = await bench.inbox(messaging, destination);
      await inbox.atLeast(1);
      expect(inbox.ids()).to.deep.equal([message.messageId]);
    });
  },
} satisfies Pick<MessagingContract, 'skip' | 'own'>;
