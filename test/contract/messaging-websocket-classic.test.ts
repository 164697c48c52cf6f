/**
 * STOMP over the WebSocket of ActiveMQ Classic, which carries text alone: it drops binary messages without a word, and
 * hands every body over as text.
 */
import { expect } from 'chai';
import { activemqWebSocketJars } from '../support/activemq-jars.js';
import { startClassic } from '../support/activemq.js';
import { brokerLabels } from '../support/brokers.js';
import { failureOf } from '../support/errors.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

const bytes = newMessage({ contentType: 'application/octet-stream', body: Buffer.from([0, 0xff, 0]) });

describeMessagingContract({
  name: 'the STOMP adapter over WebSocket',
  broker: brokerLabels.classic,
  connect: connectStomp,
  start: async () => {
    const jars = await activemqWebSocketJars();
    if ('unavailable' in jars) return { unavailable: jars.unavailable };
    const broker = await startClassic({ webSocket: true });
    return { url: broker.webSocketUrl!, rawUrl: broker.url, stop: () => broker.stop() };
  },
  skip: [
    {
      reason: 'its WebSocket takes no bytes but UTF-8: they are refused at once',
      tests: [
        'carries a text in latin-1',
        'carries bytes that are no UTF-8 under a text type',
        'carries every possible byte',
        'carries bytes of 1 MiB',
        'carries bytes of 4 MiB, while small messages go on',
        'carries any body under any content type',
      ],
    },
    {
      reason: 'its WebSocket hands over bytes that are no UTF-8 as replacement characters',
      tests: ['delivers a foreign message that has none of our headers'],
    },
  ],
  own: (test, bench) => {
    test('refuses bytes that are no UTF-8 with INVALID_ARGUMENT, says what to do, and goes on sending', async () => {
      const { channel } = await bench.connect();
      const destination = uniqueQueue();
      const sends = [channel.send(destination, newMessage()), failureOf(channel.send(destination, bytes))];
      const [, error] = await Promise.all([...sends, channel.send(destination, newMessage())]);
      expect(error).to.include({ code: 'INVALID_ARGUMENT', destination: `/queue/${destination.name}` });
      expect(error).to.have.property('message').that.contains('connect with stomp://');
    });

    test('loses none of the messages that follow one whose bytes came damaged', async () => {
      const messaging = await bench.connect();
      const destination = uniqueQueue();
      const inbox = await bench.inbox(messaging, destination);
      const stranger = await bench.raw();
      // The NUL where the announced length ends makes a parser believe in it.
      for (const body of ['before', Buffer.from([0xff, 0, 0, 0x41]), 'after', 'last']) {
        await stranger.confirmed('SEND', { destination: `/queue/${destination.name}` }, body);
      }
      const received = (await inbox.atLeast(4)).map(({ message }) => Buffer.from(message.body).toString());
      expect(received).to.deep.equal(['before', '\ufffd\0\0A', 'after', 'last']);
    });
  },
});
