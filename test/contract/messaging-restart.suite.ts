/**
 * What the ports promise across the death of the broker, for brokers that a test can kill. One broker of its own
 * for the suite; each case kills or restarts it and leaves it running.
 */
import { expect } from 'chai';
import type { ReplytoError } from '#core/errors.js';
import { toReplytoError } from '#core/errors.js';
import type { BrokerLabel } from '../support/brokers.js';
import { titleOn } from '../support/brokers.js';
import { failureOf } from '../support/errors.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';
import type { Connect, Messaging } from './messaging/bench.js';
import { createBench } from './messaging/bench.js';
import type { SuiteBroker } from './messaging.suite.js';

/** A broker on a fixed port with data that outlives its process. */
interface RestartableBroker extends SuiteBroker {
  /** kill -9 */
  kill(): Promise<void>;
  /** Brings the queues that were made onto disk, where a broker confirms messages before it has done so by itself. */
  syncQueues?(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in order where it still runs. */
  restart(): Promise<void>;
}

export interface RestartContract {
  readonly name: string;
  readonly broker: BrokerLabel;
  readonly start: () => Promise<RestartableBroker | { readonly unavailable: string }>;
  readonly connect: Connect;
}

/** Milliseconds: a JVM may need its time on a busy machine. */
const returnWithinMs = 60_000;

export function describeRestartContract(contract: RestartContract): void {
  describe(titleOn(contract.broker, `a restart of the broker under ${contract.name}`), function () {
    this.timeout(180_000);
    let broker: RestartableBroker | undefined;
    const bench = createBench(() => broker!.url, contract.connect);

    before(async function () {
      const started = await contract.start();
      if ('unavailable' in started) return skip(this, started.unavailable);
      broker = started;
    });

    after(async () => {
      await broker?.stop();
    });

    const isBack = (messaging: Messaging): Promise<unknown> =>
      until(() => messaging.channel.isUp(), { what: 'the return of the channel', withinMs: returnWithinMs });

    it('loses no message whose send had resolved when the broker is killed in the midst of sends', async () => {
      const messaging = await bench.connect();
      const destination = uniqueQueue();
      const confirmed: string[] = [];
      const sendUntilFailure = async (): Promise<ReplytoError> => {
        for (;;) {
          const message = newMessage();
          try {
            await messaging.channel.send(destination, message);
            confirmed.push(message.messageId);
          } catch (error) {
            return toReplytoError(error);
          }
        }
      };
      const first = newMessage();
      await messaging.channel.send(destination, first);
      confirmed.push(first.messageId);
      await broker!.syncQueues?.();
      const failing = Promise.all(Array.from({ length: 20 }, sendUntilFailure));
      await until(() => confirmed.length >= 300, { what: '300 confirmed sends' });
      await broker!.kill();
      const failures = await failing;
      for (const { code } of failures) expect(code).to.be.oneOf(['SEND_UNCONFIRMED', 'BROKER_UNAVAILABLE']);

      await broker!.restart();
      await isBack(messaging);
      const inbox = await bench.inbox(messaging, destination);
      await until(() => new Set(inbox.ids()).size >= confirmed.length, {
        what: `${confirmed.length} messages that were confirmed before the kill`,
      });
      await messaging.channel.send(destination, newMessage({ messageId: 'the-last' }));
      await until(() => inbox.ids().includes('the-last'), { what: 'the message that was sent last' });
      expect(inbox.ids()).to.include.members(confirmed);
      expect(new Set(inbox.ids()).size, 'messages, each delivered once').to.equal(inbox.ids().length);
      // At most one send per sender was under way.
      expect(inbox.ids().length).to.be.at.most(confirmed.length + 20 + 1);
    });

    it('makes subscriptions again, and what was not acknowledged comes again', async () => {
      const messaging = await bench.connect();
      const destination = uniqueQueue();
      const inbox = await bench.inbox(messaging, destination, { acknowledge: false });
      const first = newMessage();
      await messaging.channel.send(destination, first);
      const [before] = await inbox.atLeast(1);
      await broker!.syncQueues?.();
      await broker!.kill();
      await broker!.restart();
      await isBack(messaging);

      const [, again] = await inbox.atLeast(2, returnWithinMs);
      expect(again!.message).to.deep.equal(before!.message);
      expect(again!.acknowledge()).to.equal(true);
      expect(before!.acknowledge()).to.equal(false);
      const second = newMessage();
      await messaging.channel.send(destination, second);
      await inbox.atLeast(3);
      expect(inbox.ids()).to.deep.equal([first.messageId, first.messageId, second.messageId]);
    });

    it('is not up while the broker is away, rejects sends at once, and says when it is up again', async () => {
      const messaging = await bench.connect();
      const { channel } = messaging;
      let ups = 0;
      channel.onUp(() => (ups += 1));
      expect(channel.isUp()).to.equal(true);
      await broker!.kill();
      await until(() => !channel.isUp(), { what: 'the loss of the connection' });
      const error = await failureOf(channel.send(uniqueQueue(), newMessage()));
      expect(error.code).to.equal('BROKER_UNAVAILABLE');
      expect(ups).to.equal(0);

      await broker!.restart();
      await until(() => ups > 0, { what: 'a call of onUp', withinMs: returnWithinMs });
      expect(channel.isUp()).to.equal(true);
      await channel.send(uniqueQueue(), newMessage());
    });

    it('neither loses nor repeats a message when the broker is restarted in order', async () => {
      const destination = uniqueQueue();
      const leaving = await bench.connect();
      const sent = Array.from({ length: 20 }, () => newMessage());
      for (const message of sent) await leaving.channel.send(destination, message);
      const held = await bench.inbox(leaving, destination, { acknowledge: false });
      await held.atLeast(20);
      for (const delivery of held.deliveries.slice(0, 10)) delivery.acknowledge();
      await leaving.stop();
      await broker!.restart();

      const messaging = await bench.connect();
      const inbox = await bench.inbox(messaging, destination);
      await inbox.atLeast(10);
      await messaging.channel.send(destination, newMessage({ messageId: 'the-last' }));
      await inbox.atLeast(11);
      expect(inbox.ids()).to.deep.equal([...sent.slice(10).map(({ messageId }) => messageId), 'the-last']);
    });

    it('keeps whole what it keeps: bodies and headers are the same after a kill', async () => {
      const destination = uniqueQueue();
      const messaging = await bench.connect();
      const messages = [
        newMessage({ contentType: 'text/plain', body: Buffer.from('Grüße, 你好 🚀') }),
        newMessage({ contentType: null, body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) }),
        newMessage({ body: Buffer.alloc(512 * 1024, 0x61), applicationHeaders: { 'x-note': 'a:b ü' } }),
        newMessage({ correlationId: 'c-1', properties: { project: 'p', schema: 's@1', fault: true } }),
      ];
      for (const message of messages) await messaging.channel.send(destination, message);
      await broker!.syncQueues?.();
      await broker!.kill();
      await broker!.restart();
      await isBack(messaging);

      const inbox = await bench.inbox(messaging, destination);
      const deliveries = await inbox.atLeast(messages.length);
      for (const [index, { message }] of deliveries.entries()) {
        const { properties, body, ...rest } = messages[index]!;
        expect(message).to.deep.include(rest);
        expect(message.properties).to.include(properties);
        expect(Buffer.from(message.body).equals(body)).to.equal(true);
      }
    });
  });
}
