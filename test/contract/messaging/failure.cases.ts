import { expect } from 'chai';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { until, within } from '../../support/until.js';
import type { Bench } from './bench.js';
import { stopWithinMs } from './bench.js';
import type { Case } from './case.js';

/** Milliseconds over a deadline that a busy machine may need. */
const graceMs = 10_000;
/** Longer than any wait of a test: what is waited for until then fails it. */
const longMs = 3_600_000;

export function failureCases(test: Case, bench: Bench): void {
  test('acknowledges nothing on a dead connection: false, and the message comes again', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url });
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination, { acknowledge: false });
    const message = newMessage();
    await messaging.channel.send(destination, message);
    const [before] = await inbox.atLeast(1);
    proxy.cut();

    const [, after] = await inbox.atLeast(2);
    expect(after!.message.messageId).to.equal(message.messageId);
    expect(after!.redelivered).to.equal(true);
    expect(before!.acknowledge()).to.equal(false);
    expect(after!.acknowledge()).to.equal(true);
  });

  test('comes back after the network broke: subscriptions are there again, sends work, onUp is called', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url });
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    let ups = 0;
    let endedUps = 0;
    messaging.channel.onUp(() => (ups += 1));
    messaging.channel.onUp(() => (endedUps += 1))();
    proxy.cut();
    await until(() => !messaging.channel.isUp() || ups > 0, { what: 'the loss of the connection' });
    await until(() => ups > 0 && messaging.channel.isUp(), { what: 'the return of the connection' });

    const message = newMessage();
    await messaging.channel.send(destination, message);
    await inbox.atLeast(1);
    expect(inbox.ids()).to.deep.equal([message.messageId]);
    expect(endedUps).to.equal(0);
  });

  test('rejects with SEND_UNCONFIRMED what was written when the connection broke', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url });
    const destination = uniqueQueue();
    const direct = await bench.connect();
    const inbox = await bench.inbox(direct, destination);
    proxy.holdAnswers();
    const message = newMessage();
    const failing = failureOf(messaging.channel.send(destination, message));
    // It is there, only its receipt is not.
    await inbox.atLeast(1);
    proxy.cut();
    const error = await failing;
    expect(error.code).to.equal('SEND_UNCONFIRMED');
    expect(error.retryable).to.equal(true);
    proxy.resume();
  });

  test('rejects with RECEIPT_TIMEOUT when the receipt misses its deadline, and connects anew', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url, receiptTimeoutMs: 300 });
    proxy.holdAnswers();
    const error = await failureOf(messaging.channel.send(uniqueQueue(), newMessage()));
    expect(error.code).to.equal('RECEIPT_TIMEOUT');
    proxy.resume();
    await until(() => messaging.channel.send(uniqueQueue(), newMessage()).then(() => true), {
      what: 'a send after the broker answers again',
    });
  });

  test('rejects with BROKER_UNAVAILABLE at once while there is no connection', async () => {
    const proxy = await bench.proxy();
    // What waited for a connection would wait for as long.
    const messaging = await bench.connect({ url: proxy.url, receiptTimeoutMs: longMs });
    await proxy.stop();
    await until(() => !messaging.channel.isUp(), { what: 'the loss of the connection' });
    const failing = failureOf(messaging.channel.send(uniqueQueue(), newMessage()));
    const error = await within(failing, { what: 'the end of the send' });
    expect(error.code).to.equal('BROKER_UNAVAILABLE');
  });

  test('settles every send that is under way when it stops, and leaves nothing behind', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    await bench.inbox(messaging, destination);
    const sends = Array.from({ length: 200 }, () => messaging.channel.send(destination, newMessage()));
    const outcomes = Promise.allSettled(sends);
    await messaging.stop();
    for (const outcome of await outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason)
        .to.have.property('code')
        .that.is.oneOf(['BROKER_UNAVAILABLE', 'SEND_UNCONFIRMED']);
    }
    expect(messaging.pending()).to.equal(0);
    expect(messaging.channel.isUp()).to.equal(false);
  });

  test('rejects with BROKER_UNAVAILABLE what is asked of it after it was stopped', async () => {
    const messaging = await bench.connect();
    await messaging.stop();
    const { channel, source } = messaging;
    const subscribing = source.subscribe(uniqueQueue(), { prefetch: 1, onDelivery: () => undefined });
    const codes = await Promise.all(
      [channel.send(uniqueQueue(), newMessage()), subscribing].map(
        async (work) => (await failureOf(work)).code,
      ),
    );
    expect(codes).to.deep.equal(['BROKER_UNAVAILABLE', 'BROKER_UNAVAILABLE']);
  });

  test('stops within its deadline though the broker answers no more', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url, receiptTimeoutMs: longMs });
    const destination = uniqueQueue();
    await bench.inbox(messaging, destination);
    proxy.holdAnswers();
    const failing = failureOf(messaging.channel.send(destination, newMessage()));
    await within(messaging.stop(), { what: 'the end of stop()', withinMs: stopWithinMs + graceMs });
    expect((await failing).code).to.be.oneOf(['SEND_UNCONFIRMED', 'RECEIPT_TIMEOUT']);
    expect(messaging.pending()).to.equal(0);
  });

  test('stops while it is connecting again, and leaves no connection open', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url });
    await bench.inbox(messaging, uniqueQueue());
    proxy.holdAnswers();
    proxy.cut();
    await until(() => proxy.connections > 0, { what: 'an attempt to connect again' });
    const stopping = messaging.stop();
    proxy.resume();
    await within(stopping, { what: 'the end of stop()', withinMs: stopWithinMs + graceMs });
    await until(() => proxy.connections === 0, { what: 'the end of every connection' });
    expect(messaging.channel.isUp()).to.equal(false);
  });

  test('stops within its deadline while the broker does not answer an attempt to connect', async () => {
    const proxy = await bench.proxy();
    const messaging = await bench.connect({ url: proxy.url });
    proxy.holdAnswers();
    proxy.cut();
    await until(() => proxy.connections > 0, { what: 'an attempt to connect again' });
    await within(messaging.stop(), { what: 'the end of stop()', withinMs: stopWithinMs + graceMs });
    await until(() => proxy.connections === 0, { what: 'the end of every connection' });
  });
}
