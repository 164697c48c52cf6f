import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { topic } from '#core/destination.js';
import { newMessage } from '../../support/messages.js';
import type { Bench } from './bench.js';
import type { Case } from './case.js';

export function topicCases(test: Case, bench: Bench): void {
  test('publishes to every present subscriber of a topic and to none that comes later', async () => {
    const messaging = await bench.connect();
    const news = topic(`news.${randomUUID()}`);
    const early = await bench.inbox(messaging, news);
    const elsewhere = await bench.inbox(await bench.connect(), news);
    const first = newMessage({ applicationHeaders: { 'x-part': 'one' } });
    await messaging.channel.publish(news, first);
    await Promise.all([early.atLeast(1), elsewhere.atLeast(1)]);

    const late = await bench.inbox(messaging, news);
    const second = newMessage();
    await messaging.channel.publish(news, second);
    await Promise.all([early.atLeast(2), elsewhere.atLeast(2), late.atLeast(1)]);
    const both = [first.messageId, second.messageId];
    expect([early.ids(), elsewhere.ids(), late.ids()]).to.deep.equal([both, both, [second.messageId]]);
    expect(early.deliveries[0]!.message.applicationHeaders).to.deep.equal({ 'x-part': 'one' });
  });

  test('resolves a publication that nobody subscribes to', async () => {
    const messaging = await bench.connect();
    await messaging.channel.publish(topic(`silence.${randomUUID()}`), newMessage());
  });

  test('keeps topics and queues of the same name apart', async () => {
    const messaging = await bench.connect();
    const name = `both.${randomUUID()}`;
    const fromTopic = await bench.inbox(messaging, topic(name));
    const fromQueue = await bench.inbox(messaging, { kind: 'queue', name });
    const published = newMessage();
    const sent = newMessage();
    await messaging.channel.publish(topic(name), published);
    await messaging.channel.send({ kind: 'queue', name }, sent);
    await Promise.all([fromTopic.atLeast(1), fromQueue.atLeast(1)]);
    expect([fromTopic.ids(), fromQueue.ids()]).to.deep.equal([[published.messageId], [sent.messageId]]);
  });
}
