import { expect } from 'chai';
import type { Destination } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { until } from '../../support/until.js';
import type { Bench, Messaging } from './bench.js';
import type { Case } from './case.js';

export function receivingCases(test: Case, bench: Bench): void {
  /** Sends one after the other, so that their order on the queue is known; gives their ids. */
  async function sendInOrder(messaging: Messaging, to: Destination, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const message = newMessage();
      await messaging.channel.send(to, message);
      ids.push(message.messageId);
    }
    return ids;
  }

  test('delivers in the order in which the sends were confirmed', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const sent = await sendInOrder(messaging, destination, 50);
    await inbox.atLeast(50);
    expect(inbox.ids()).to.deep.equal(sent);
  });

  test('keeps messages for a consumer that comes later', async () => {
    const destination = uniqueQueue();
    const sender = await bench.connect();
    const sent = await sendInOrder(sender, destination, 3);
    await sender.stop();

    const inbox = await bench.inbox(await bench.connect(), destination);
    await inbox.atLeast(3);
    expect(inbox.ids()).to.deep.equal(sent);
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).to.deep.equal([false, false, false]);
  });

  test('says where a delivery came from and what the broker calls it', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    await sendInOrder(messaging, destination, 2);
    const [first, second] = await inbox.atLeast(2);
    expect(first!.destination).to.deep.equal(destination);
    expect(first!.brokerId!.value).to.be.a('string').and.not.equal(second!.brokerId!.value);
  });

  test('shares a queue between competing consumers, each message to one of them', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const first = await bench.inbox(messaging, destination, { prefetch: 1, acknowledge: false });
    const second = await bench.inbox(await bench.connect(), destination, { prefetch: 1, acknowledge: false });
    const sent = await sendInOrder(messaging, destination, 20);

    // Each holds one and may have no second: so both take part, however fast one of them is.
    const inboxes = [first, second];
    await until(() => inboxes.every(({ deliveries }) => deliveries.length === 1), {
      what: 'one delivery for each of two consumers',
    });
    const acknowledged = new Set<Delivery>();
    await until(
      () => {
        for (const delivery of inboxes.flatMap(({ deliveries }) => deliveries)) {
          if (!acknowledged.has(delivery)) delivery.acknowledge();
          acknowledged.add(delivery);
        }
        return acknowledged.size >= sent.length;
      },
      { what: `all ${sent.length} messages at two consumers` },
    );
    expect([...first.ids(), ...second.ids()]).to.have.members(sent);
  });

  test('gives unacknowledged deliveries to another, marked redelivered, when the connection ends', async () => {
    const destination = uniqueQueue();
    const leaving = await bench.connect();
    const sent = await sendInOrder(leaving, destination, 3);
    const held = await bench.inbox(leaving, destination, { acknowledge: false });
    await held.atLeast(3);
    expect(held.deliveries.map(({ redelivered }) => redelivered)).to.deep.equal([false, false, false]);
    await leaving.stop();

    const inbox = await bench.inbox(await bench.connect(), destination);
    await inbox.atLeast(3);
    expect(inbox.ids()).to.have.members(sent);
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).to.deep.equal([true, true, true]);
  });

  test('keeps the id of the broker when it delivers again, where it says that it does', async () => {
    const destination = uniqueQueue();
    const leaving = await bench.connect();
    await sendInOrder(leaving, destination, 1);
    const held = await bench.inbox(leaving, destination, { acknowledge: false });
    const [before] = await held.atLeast(1);
    await leaving.stop();

    const [after] = await (await bench.inbox(await bench.connect(), destination)).atLeast(1);
    expect(after!.brokerId!.stable).to.equal(before!.brokerId!.stable);
    if (before!.brokerId!.stable) expect(after!.brokerId!.value).to.equal(before!.brokerId!.value);
  });

  test('never delivers again what was acknowledged, also out of order', async () => {
    const destination = uniqueQueue();
    const leaving = await bench.connect();
    const sent = await sendInOrder(leaving, destination, 4);
    const held = await bench.inbox(leaving, destination, { acknowledge: false });
    const [, second, , fourth] = await held.atLeast(4);
    expect(fourth!.acknowledge()).to.equal(true);
    expect(second!.acknowledge()).to.equal(true);
    await leaving.stop();

    const messaging = await bench.connect();
    const [last] = await sendInOrder(messaging, destination, 1);
    const inbox = await bench.inbox(messaging, destination);
    await until(() => inbox.ids().includes(last!), { what: 'the message that was sent last' });
    expect(inbox.ids()).to.deep.equal([sent[0], sent[2], last]);
  });

  test('holds no more unacknowledged deliveries than the prefetch and leaves the rest to others', async () => {
    const destination = uniqueQueue();
    const messaging = await bench.connect();
    const sent = await sendInOrder(messaging, destination, 10);
    const bounded = await bench.inbox(messaging, destination, { prefetch: 3, acknowledge: false });
    await bounded.atLeast(3);
    const others = await bench.inbox(await bench.connect(), destination);
    await others.atLeast(7);
    expect(bounded.ids()).to.deep.equal(sent.slice(0, 3));
    expect(others.ids()).to.deep.equal(sent.slice(3));

    bounded.deliveries[0]!.acknowledge();
    await others.subscription.unsubscribe();
    const [next] = await sendInOrder(messaging, destination, 1);
    await bounded.atLeast(4);
    expect(bounded.ids()[3]).to.equal(next);
  });

  test('serves subscriptions to several queues, also while one of them is held up', async () => {
    const messaging = await bench.connect();
    const queues = [uniqueQueue('a'), uniqueQueue('b'), uniqueQueue('c')];
    const [heldUp, ...others] = await Promise.all(
      queues.map((destination, index) =>
        bench.inbox(messaging, destination, { prefetch: 1, acknowledge: index > 0 }),
      ),
    );
    const sent = await Promise.all(queues.map((destination) => sendInOrder(messaging, destination, 5)));
    await heldUp!.atLeast(1);
    for (const inbox of others) await inbox.atLeast(5);
    expect(heldUp!.ids()).to.deep.equal(sent[0]!.slice(0, 1));
    expect(others.map((inbox) => inbox.ids())).to.deep.equal(sent.slice(1));
  });

  test('delivers nothing more after unsubscribe, and gives what was not acknowledged to others', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const ended = await bench.inbox(messaging, destination, { acknowledge: false });
    const [held] = await sendInOrder(messaging, destination, 1);
    const [delivery] = await ended.atLeast(1);
    await ended.subscription.unsubscribe();
    const [next] = await sendInOrder(messaging, destination, 1);

    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(2);
    expect(inbox.ids()).to.have.members([held, next]);
    expect(ended.ids()).to.deep.equal([held]);
    expect(delivery!.acknowledge()).to.equal(false);
  });

  test('keeps a message whose onDelivery throws, and goes on delivering', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const seen: string[] = [];
    const subscription = await messaging.source.subscribe(destination, {
      prefetch: 10,
      onDelivery: (delivery) => {
        seen.push(delivery.message.messageId);
        if (seen.length === 1) throw new Error('a handler that fails');
        delivery.acknowledge();
      },
    });
    const sent = await sendInOrder(messaging, destination, 3);
    await until(() => seen.length === 3, { what: 'deliveries after one that threw' });
    await subscription.unsubscribe();

    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(1);
    expect(inbox.ids()).to.deep.equal(sent.slice(0, 1));
  });

  test('rejects a subscription that the broker refuses with SUBSCRIBE_REFUSED', async () => {
    const messaging = await bench.connect();
    const refused = messaging.source.subscribe(bench.refused(), { prefetch: 1, onDelivery: () => undefined });
    expect((await failureOf(refused)).code).to.equal('SUBSCRIBE_REFUSED');
    expect(messaging.pending()).to.equal(0);
  });
}
