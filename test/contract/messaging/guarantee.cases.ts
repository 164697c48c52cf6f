import { expect } from 'chai';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { queue, queueNameProblem } from '#core/destination.js';
import type { Destination } from '#core/destination.js';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { until } from '../../support/until.js';
import type { Bench, Messaging } from './bench.js';
import type { Case } from './case.js';

const largestBody = 4 * 1024 * 1024;
const day = 86_400_000;

/** Letters that brokers read in ways of their own, in a name or in a header. */
const nameUnit = fc.oneof(
  fc.constantFrom(' ', '.', ':', ';', '=', '+', '&', '!', '~', '$', '@', "'", '(', ']', '{', '|', '^', '<'),
  fc.constantFrom('a', 'Z', '0', '-', '_', 'ü', 'ß', 'ñ', '你', 'Ω', '🚀'),
);
const anyName = fc
  .string({ unit: nameUnit, minLength: 1, maxLength: 40 })
  // The suffix makes it a name that nobody else has.
  .map((text) => `${text}${randomUUID()}`)
  .filter((name) => queueNameProblem('queue', name) === undefined);

/** What confirmed sends come to: whatever the queue is called, whether or not somebody listens yet. */
export function guaranteeCases(test: Case, bench: Bench): void {
  /** What a consumer that comes afterwards gets. */
  async function kept(messaging: Messaging, destination: Destination, count: number): Promise<string[]> {
    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(count);
    return inbox.ids();
  }

  test('keeps what it confirms for a queue that nobody ever heard of', async () => {
    const destinations = Array.from({ length: 10 }, () => uniqueQueue('unheard'));
    const sender = await bench.connect();
    const messages = destinations.map(() => newMessage());
    await Promise.all(destinations.map((to, index) => sender.channel.send(to, messages[index]!)));
    await sender.stop();

    const messaging = await bench.connect();
    for (const [index, destination] of destinations.entries()) {
      expect(await kept(messaging, destination, 1)).to.deep.equal([messages[index]!.messageId]);
    }
  });

  test('confirms what was written before it is stopped', async () => {
    const destination = uniqueQueue('leaving');
    const messages = Array.from({ length: 50 }, () => newMessage());
    const sender = await bench.connect();
    // So that the broker has the queue already, and is at work when the goodbye comes.
    await sender.channel.send(destination, messages[0]!);
    const sending = Promise.all(
      messages.slice(1).map((message) => sender.channel.send(destination, message)),
    );
    await sender.stop();
    await sending;

    const ids = await kept(await bench.connect(), destination, messages.length);
    expect(ids).to.have.members(messages.map(({ messageId }) => messageId));
  });

  test('carries any name of a queue that it accepts, as destination and as reply address', async () => {
    const messaging = await bench.connect();
    const carries = fc.asyncProperty(anyName, async (name) => {
      const message = newMessage({ replyTo: queue(name) });
      await messaging.channel.send(queue(name), message);
      const inbox = await bench.inbox(messaging, queue(name));
      const [delivery] = await inbox.atLeast(1);
      await inbox.subscription.unsubscribe();
      expect(delivery!.message).to.deep.include({ messageId: message.messageId, replyTo: queue(name) });
    });
    await fc.assert(carries, { numRuns: 25, includeErrorInReport: true });
  });

  test('keeps queues apart whose names differ in case alone', async () => {
    const messaging = await bench.connect();
    const id = randomUUID();
    const names = [`case.A.${id}`, `case.a.${id}`];
    const messages = names.map(() => newMessage());
    for (const [index, name] of names.entries()) await messaging.channel.send(queue(name), messages[index]!);
    for (const [index, name] of names.entries()) {
      expect(await kept(messaging, queue(name), 1)).to.deep.equal([messages[index]!.messageId]);
    }
  });

  const largeBodies = {
    'a text': { contentType: 'text/plain', body: Buffer.alloc(largestBody, 'abcdefgh') },
    bytes: { contentType: 'application/octet-stream', body: Buffer.alloc(largestBody, 0x9c) },
  };
  for (const [what, content] of Object.entries(largeBodies)) {
    test(`carries ${what} of 4 MiB, while small messages go on`, async () => {
      const messaging = await bench.connect();
      const [large, small] = [uniqueQueue('large'), uniqueQueue('small')];
      await Promise.all([
        messaging.channel.send(large, newMessage(content)),
        ...Array.from({ length: 50 }, () => messaging.channel.send(small, newMessage())),
      ]);
      await kept(messaging, small, 50);
      const [delivery] = await (await bench.inbox(messaging, large)).atLeast(1);
      expect(Buffer.from(delivery!.message.body).equals(content.body)).to.equal(true);
    });
  }

  test('delivers what has a time to live within it, however long that is', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue('living');
    const messages = [newMessage(), newMessage()];
    const [soon, late] = [Date.now() + day, Date.now() + 400 * day];
    await messaging.channel.send(destination, messages[0]!, { brokerExpiresAt: soon });
    await messaging.channel.send(destination, messages[1]!, { brokerExpiresAt: late });
    expect(await kept(messaging, destination, 2)).to.have.members(messages.map(({ messageId }) => messageId));
  });

  test('drops at the broker what has outlived its time, where it is asked to', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue('expiring');
    const brokerExpiresAt = Date.now() + 300;
    await messaging.channel.send(destination, newMessage(), { brokerExpiresAt });
    await messaging.channel.send(destination, newMessage(), { brokerExpiresAt: Date.now() - 1 });
    await until(() => Date.now() > brokerExpiresAt + 100, { what: 'the end of the time to live' });
    const living = newMessage();
    await messaging.channel.send(destination, living);
    expect(await kept(messaging, destination, 1)).to.deep.equal([living.messageId]);
  });

  test('confirms what goes elsewhere while one send after the other is refused', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue('innocent');
    const messages = Array.from({ length: 60 }, () => newMessage());
    const sends: Promise<unknown>[] = [];
    for (const [index, message] of messages.entries()) {
      sends.push(messaging.channel.send(destination, message));
      if (index % 20 === 10) sends.push(failureOf(messaging.channel.send(bench.refused(), newMessage())));
    }
    const refused = (await Promise.all(sends)).filter((outcome) => outcome !== undefined);
    expect(refused.map((error) => (error as { code: string }).code)).to.deep.equal(
      Array(3).fill('SEND_REFUSED'),
    );
    expect(await kept(messaging, destination, messages.length)).to.have.members(
      messages.map(({ messageId }) => messageId),
    );
  });
}
