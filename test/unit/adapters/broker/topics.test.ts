import { expect } from 'chai';
import { happens } from '../../../support/happens.js';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

const texts = (frames: readonly ReceivedFrame[]): string[] => frames.map(({ text }) => text);

describe('topics of the embedded broker', () => {
  const fixture = embeddedBroker({ limits: { topicBacklogBytes: 100_000, durableSubscriptions: 3 } });
  const topic = '/topic/news';

  async function durable(
    headers: Record<string, string> = {},
    connect: Record<string, string> = {},
  ): Promise<RawStomp> {
    const client = await fixture.client({ 'client-id': 'reader', ...connect });
    await client.confirmed('SUBSCRIBE', {
      id: 's',
      destination: topic,
      ack: 'client-individual',
      'activemq.subscriptionName': 'mine',
      ...headers,
    });
    return client;
  }

  async function refusalOf(
    client: RawStomp,
    command: string,
    headers: Record<string, string>,
  ): Promise<ReceivedFrame> {
    client.frame(command, { ...headers, receipt: 'refused' });
    const error = await client.take('ERROR', { 'receipt-id': 'refused' });
    expect(client.isClosed()).to.equal(false);
    return error;
  }

  const sentToDurable = (): number => fixture.broker.statistics().durableSubscriptions[0]?.depth ?? -1;

  it('give every present subscriber every message, in order', async () => {
    const readers = await Promise.all([
      fixture.subscriber(topic),
      fixture.subscriber(topic, { ack: 'auto' }),
    ]);
    await fixture.send(topic, '1', '2', '3');
    for (const reader of readers) {
      const frames = await reader.messages(3);
      expect(texts(frames)).to.deep.equal(['1', '2', '3']);
      expect(frames[0]?.headers).to.include({ destination: topic, subscription: 's' });
    }
  });

  it('give the same message-id to all of them', async () => {
    const readers = [await fixture.subscriber(topic), await durable()];
    await fixture.send(topic, '1');
    const ids = await Promise.all(
      readers.map(async (reader) => (await reader.take('MESSAGE')).headers['message-id']),
    );
    expect(ids[0]).to.equal(ids[1]);
  });

  it('confirm what nobody hears, and keep nothing of it', async () => {
    await fixture.send(topic, 'lost');
    const reader = await fixture.subscriber(topic);
    await fixture.send(topic, 'heard');
    expect(texts(await reader.messages(1))).to.deep.equal(['heard']);
    expect(fixture.broker.statistics().storedBytes).to.equal(0);
  });

  it('are not queues: the same name is another destination', async () => {
    const reader = await fixture.subscriber(topic);
    await fixture.send('/queue/news', 'for the queue');
    await fixture.send(topic, 'for the topic');
    expect(texts(await reader.messages(1))).to.deep.equal(['for the topic']);
  });

  it('deliver a rejected message again, and the sixth NACK makes it a dead letter', async () => {
    const reader = await fixture.subscriber(topic);
    await fixture.send(topic, 'bad');
    for (let times = 0; times < 6; times += 1) {
      const { headers } = await reader.take('MESSAGE');
      expect(headers['redelivered']).to.equal(times === 0 ? undefined : 'true');
      await reader.confirmed('NACK', { id: headers['ack'] ?? '' });
    }
    const operator = await fixture.subscriber('/queue/DLQ.news');
    expect((await operator.take('MESSAGE')).headers['original-destination']).to.equal(topic);
  });

  happens(
    'STOMP',
    'a subscriber of a topic that never reads',
    'its connection is ended at 4 MiB; other subscribers get every message',
    async () => {
      const lazy = await fixture.subscriber(topic, { 'prefetch-count': '1' });
      const keen = await fixture.subscriber(topic, { ack: 'auto' });
      const count = 30;
      await fixture.send(topic, ...Array<string>(count).fill('x'.repeat(5_000)));
      const error = await lazy.take('ERROR');
      expect(error.headers['message']).to.equal('topic subscriber too far behind');
      expect(error.text).to.include('100000 bytes');
      await lazy.closed;
      expect(await keen.messages(count)).to.have.length(count);
      await until(() => fixture.broker.statistics().connections === 1, {
        what: 'the end of the lazy connection',
      });
    },
  );

  describe('with a durable subscription', () => {
    it('keep persistent messages on disk while the subscriber is away, over a restart', async () => {
      const first = await durable();
      await fixture.send(topic, '1');
      expect(texts(await first.messages(1))).to.deep.equal(['1']);
      first.destroy();
      await until(() => fixture.broker.statistics().connections === 0, { what: 'the end of the connection' });
      await fixture.send(topic, '2');
      await fixture.restart();
      await fixture.send(topic, '3');
      const second = await durable();
      const frames = await second.messages(3);
      expect(texts(frames)).to.deep.equal(['1', '2', '3']);
      expect(frames.map(({ headers }) => headers['redelivered'])).to.deep.equal([
        'true',
        undefined,
        undefined,
      ]);
      for (const { headers } of frames) await second.confirmed('ACK', { id: headers['ack'] ?? '' });
      expect(fixture.broker.statistics().storedBytes).to.equal(0);
    });

    it('keep what is not persistent in memory only', async () => {
      const first = await durable();
      await first.confirmed('DISCONNECT');
      const sender = await fixture.client();
      await sender.confirmed('SEND', { destination: topic }, 'transient');
      expect(sentToDurable()).to.equal(1);
      await fixture.restart();
      expect(sentToDurable()).to.equal(0);
    });

    it('take the other name of the header too', async () => {
      const client = await fixture.client({ 'client-id': 'reader' });
      await client.confirmed('SUBSCRIBE', {
        id: 's',
        destination: topic,
        'durable-subscription-name': 'mine',
      });
      expect(fixture.broker.statistics().durableSubscriptions).to.deep.equal([
        { name: 'mine', clientId: 'reader', topic: 'news', depth: 0, consumers: 1, inFlight: 0 },
      ]);
    });

    it('are one per client-id and name', async () => {
      const readers = [
        await durable(),
        await durable({ 'activemq.subscriptionName': 'other' }),
        await durable({}, { 'client-id': 'else' }),
      ];
      await fixture.send(topic, '1');
      for (const reader of readers) expect(texts(await reader.messages(1))).to.deep.equal(['1']);
      const fourth = { id: 't', destination: topic, 'activemq.subscriptionName': 'fourth' };
      expect((await refusalOf(readers[0]!, 'SUBSCRIBE', fourth)).text).to.include('may be 3');
    });

    it('refuse a second connection, another topic, a queue, and a client without client-id', async () => {
      const first = await durable();
      const subscribe = { id: 't', destination: topic, 'activemq.subscriptionName': 'mine' };
      const second = await fixture.client({ 'client-id': 'reader' });
      expect((await refusalOf(second, 'SUBSCRIBE', subscribe)).headers['message']).to.include('in use');
      await first.confirmed('UNSUBSCRIBE', { id: 's' });
      const elsewhere = { ...subscribe, destination: '/topic/other' };
      expect((await refusalOf(second, 'SUBSCRIBE', elsewhere)).text).to.include('/topic/news');
      expect(
        (await refusalOf(second, 'SUBSCRIBE', { ...subscribe, destination: '/queue/a' })).headers['message'],
      ).to.include('queue');
      await second.confirmed('SUBSCRIBE', subscribe);
      const nobody = await fixture.client();
      expect((await refusalOf(nobody, 'SUBSCRIBE', subscribe)).headers['message']).to.equal(
        'client-id missing',
      );
    });

    it('end with UNSUBSCRIBE that names them, with all that waits', async () => {
      const reader = await durable();
      await fixture.send(topic, '1', '2');
      await reader.messages(2);
      await reader.confirmed('UNSUBSCRIBE', { id: 's', 'activemq.subscriptionName': 'mine' });
      expect(fixture.broker.statistics()).to.deep.include({
        durableSubscriptions: [],
        storedBytes: 0,
        memoryBytes: 0,
      });
      await fixture.restart();
      expect(fixture.broker.statistics()).to.deep.include({ durableSubscriptions: [], storedBytes: 0 });
    });

    it('can be ended by a connection that never took them up, unless they are in use or unknown', async () => {
      const reader = await durable();
      const other = await fixture.client({ 'client-id': 'reader' });
      const headers = { 'activemq.subscriptionName': 'mine' };
      expect((await refusalOf(other, 'UNSUBSCRIBE', headers)).headers['message']).to.include('in use');
      await reader.confirmed('DISCONNECT');
      await other.confirmed('UNSUBSCRIBE', headers);
      expect((await refusalOf(other, 'UNSUBSCRIBE', headers)).headers['message']).to.include('unknown');
    });

    it('start anew after they were ended, also within one turn', async () => {
      const reader = await durable();
      const subscribe = { id: 's', destination: topic, 'activemq.subscriptionName': 'mine' };
      await reader.confirmed('DISCONNECT');
      const again = await fixture.client({ 'client-id': 'reader' });
      again.frame('SEND', { destination: topic, persistent: 'true' }, 'before');
      again.frame('UNSUBSCRIBE', { 'activemq.subscriptionName': 'mine' });
      again.frame('SEND', { destination: topic, persistent: 'true', receipt: 'sent' }, 'between');
      await again.take('RECEIPT', { 'receipt-id': 'sent' });
      await again.confirmed('SUBSCRIBE', subscribe);
      await fixture.send(topic, 'after');
      expect(texts(await again.messages(1))).to.deep.equal(['after']);
      await fixture.restart();
      expect(fixture.broker.statistics().storedBytes).to.equal(0);
    });
  });
});
