import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

const texts = (frames: readonly ReceivedFrame[]): string[] => frames.map(({ text }) => text);
const ackOf = (frame: ReceivedFrame): string => frame.headers['ack'] ?? '';
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('queues of the embedded broker', () => {
  const fixture = embeddedBroker();

  /** Once this is confirmed, everything that was on its way to the client before has arrived. */
  const settle = (client: RawStomp): Promise<void> =>
    client.confirmed('BEGIN', { transaction: String(Math.random()) });

  describe('and messages', () => {
    it('pass headers of the sender on untouched and keep back what belongs to the SEND', async () => {
      const consumer = await fixture.subscriber('/queue/a');
      const sender = await fixture.client();
      await sender.confirmed(
        'SEND',
        {
          destination: '/queue/a',
          'message-id': 'forged',
          subscription: 'forged',
          ack: 'forged',
          redelivered: 'true',
          'Message-ID': 'own',
          'correlation-id': 'c',
          'reply-to': '/queue/replies',
          timestamp: '12',
          'x-odd': ' a:b\nc\rd\\e ',
          'content-type': 'text/plain',
        },
        'hello',
      );
      const { headers, text } = await consumer.take('MESSAGE');
      expect(text).to.equal('hello');
      expect(headers).to.include({
        destination: '/queue/a',
        subscription: 's',
        'Message-ID': 'own',
        'correlation-id': 'c',
        'reply-to': '/queue/replies',
        timestamp: '12',
        'x-odd': ' a:b\nc\rd\\e ',
        'content-type': 'text/plain',
        'content-length': '5',
      });
      expect(headers).not.to.have.any.keys('receipt', 'redelivered', 'transaction');
      expect(headers['message-id']).not.to.equal('forged');
      expect(headers['ack']).not.to.equal('forged');
    });

    it('carry any bytes, and none, with their length', async () => {
      const consumer = await fixture.subscriber('/queue/a');
      const sender = await fixture.client();
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await sender.confirmed('SEND', { destination: '/queue/a' }, bytes);
      await sender.confirmed('SEND', { destination: '/queue/a' });
      const [first, second] = await consumer.messages(2);
      expect(first?.body).to.deep.equal(bytes);
      expect(second?.headers['content-length']).to.equal('0');
    });

    it('come in the order in which they were sent, persistent or not', async () => {
      const sender = await fixture.client();
      for (const number of numbers(1, 60)) {
        sender.frame(
          'SEND',
          { destination: '/queue/a', persistent: String(Number(number) % 3 === 0) },
          number,
        );
      }
      await settle(sender);
      const consumer = await fixture.subscriber('/queue/a', { ack: 'auto' });
      expect(texts(await consumer.messages(60))).to.deep.equal(numbers(1, 60));
    });

    it('go to a plain name as to /queue/ and that name', async () => {
      await fixture.send('Reply Queue', 'hello');
      const consumer = await fixture.subscriber('/queue/Reply Queue');
      expect((await consumer.take('MESSAGE')).headers['destination']).to.equal('/queue/Reply Queue');
    });

    it('reach a client of 1.1 with the escapes that 1.1 knows', async () => {
      const consumer = await fixture.client({ 'accept-version': '1.1' });
      await consumer.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client-individual' });
      const sender = await fixture.client();
      await sender.confirmed('SEND', { destination: '/queue/a', x: 'a\rb\\rc:d' });
      const frame = await consumer.take('MESSAGE');
      expect(Buffer.concat(consumer.pieces).toString()).to.include('\nx:a\rb\\\\rc\\cd\n');
      await consumer.confirmed('ACK', { subscription: 's', 'message-id': frame.headers['message-id'] ?? '' });
      expect(fixture.queue('a').inFlight).to.equal(0);
    });
  });

  describe('and competing consumers', () => {
    it('share the messages in turn', async () => {
      const consumers = [await fixture.subscriber('/queue/a'), await fixture.subscriber('/queue/a')];
      await fixture.send('/queue/a', ...numbers(1, 6));
      const [odd, even] = await Promise.all(consumers.map((consumer) => consumer.messages(3)));
      expect(texts(odd ?? [])).to.deep.equal(['1', '3', '5']);
      expect(texts(even ?? [])).to.deep.equal(['2', '4', '6']);
    });

    it('get no more than their prefetch until they acknowledge, by either name of the header', async () => {
      await fixture.send('/queue/a', ...numbers(1, 8));
      for (const header of ['activemq.prefetchSize', 'prefetch-count']) {
        const consumer = await fixture.subscriber('/queue/a', { [header]: '2' });
        const [first, second] = await consumer.messages(2);
        await settle(consumer);
        expect(consumer.pending).to.have.length(0);
        await consumer.confirmed('ACK', { id: ackOf(second!) });
        await consumer.confirmed('ACK', { id: ackOf(first!) });
        expect(texts(await consumer.messages(2))).to.have.length(2);
        await settle(consumer);
        expect(consumer.pending).to.have.length(0);
        await consumer.confirmed('UNSUBSCRIBE', { id: 's' });
      }
    });

    it('leave what one of them cannot take to the other', async () => {
      const slow = await fixture.subscriber('/queue/a', { 'prefetch-count': '1' });
      const fast = await fixture.subscriber('/queue/a');
      await fixture.send('/queue/a', ...numbers(1, 5));
      expect(texts(await slow.messages(1))).to.deep.equal(['1']);
      expect(texts(await fast.messages(4))).to.deep.equal(['2', '3', '4', '5']);
    });

    it('get 1,000 messages ahead when they do not say how many', async () => {
      const sender = await fixture.client();
      for (const number of numbers(1, 1_001)) sender.frame('SEND', { destination: '/queue/a' }, number);
      await settle(sender);
      const consumer = await fixture.subscriber('/queue/a');
      await consumer.messages(1_000);
      await settle(consumer);
      expect(consumer.pending).to.have.length(0);
    });
  });

  describe('and acknowledgement', () => {
    it('needs none in mode auto', async () => {
      await fixture.send('/queue/a', 'one', 'two');
      const consumer = await fixture.subscriber('/queue/a', { ack: 'auto' });
      const [frame] = await consumer.messages(2);
      expect(frame?.headers).not.to.have.property('ack');
      await until(() => fixture.broker.statistics().storedBytes === 0, { what: 'an empty store' });
      await fixture.restart();
      expect(fixture.queue('a').depth).to.equal(0);
    });

    it('covers everything delivered before in mode client', async () => {
      await fixture.send('/queue/a', ...numbers(1, 5));
      const consumer = await fixture.subscriber('/queue/a', { ack: 'client' });
      const frames = await consumer.messages(5);
      await consumer.confirmed('ACK', { id: ackOf(frames[2]!) });
      expect(fixture.queue('a').inFlight).to.equal(2);
      consumer.destroy();
      const next = await fixture.subscriber('/queue/a');
      expect(texts(await next.messages(2))).to.deep.equal(['4', '5']);
    });

    it('covers one message in mode client-individual', async () => {
      await fixture.send('/queue/a', ...numbers(1, 3));
      const consumer = await fixture.subscriber('/queue/a');
      const frames = await consumer.messages(3);
      await consumer.confirmed('ACK', { id: ackOf(frames[1]!) });
      consumer.destroy();
      const next = await fixture.subscriber('/queue/a');
      expect(texts(await next.messages(2))).to.deep.equal(['1', '3']);
    });

    it('is refused, and nothing else, for what is not in flight on this connection', async () => {
      await fixture.send('/queue/a', 'one');
      const consumer = await fixture.subscriber('/queue/a');
      const frame = await consumer.take('MESSAGE');
      const other = await fixture.client();
      const wrong: [RawStomp, Record<string, string>][] = [
        [consumer, { id: 'nonsense' }],
        [consumer, { id: `${ackOf(frame)}1` }],
        [consumer, {}],
        [other, { id: ackOf(frame) }],
      ];
      for (const [client, headers] of wrong) {
        client.frame('ACK', { ...headers, receipt: 'r' });
        expect((await client.take('ERROR')).headers['receipt-id']).to.equal('r');
      }
      await consumer.confirmed('ACK', { id: ackOf(frame) });
      consumer.frame('ACK', { id: ackOf(frame), receipt: 'twice' });
      expect((await consumer.take('ERROR')).headers).to.include({
        message: 'delivery unknown',
        'receipt-id': 'twice',
      });
      expect(consumer.isClosed()).to.equal(false);
    });
  });

  describe('and redelivery', () => {
    it('gives back what a lost connection held, marked, in its place, with the same message-id', async () => {
      await fixture.send('/queue/a', ...numbers(1, 4));
      const first = await fixture.subscriber('/queue/a', { 'prefetch-count': '3' });
      const before = await first.messages(3);
      await first.confirmed('ACK', { id: ackOf(before[1]!) });
      first.destroy();
      const second = await fixture.subscriber('/queue/a');
      const after = await second.messages(3);
      expect(texts(after)).to.deep.equal(['1', '3', '4']);
      expect(after.map(({ headers }) => headers['redelivered'])).to.deep.equal(['true', 'true', 'true']);
      expect(after[0]?.headers['message-id']).to.equal(before[0]?.headers['message-id']);
    });

    it('gives nothing to the other subscriptions of a connection that ends', async () => {
      const client = await fixture.subscriber('/queue/a');
      await client.confirmed('SUBSCRIBE', { id: 't', destination: '/queue/a', ack: 'client' });
      await fixture.send('/queue/a', '1', '2', '3', '4');
      await client.messages(4);
      client.destroy();
      await until(() => fixture.queue('a').depth === 4, { what: 'all messages back in the queue' });
      expect(fixture.broker.statistics().delivered).to.equal(4);
    });

    it('does not mark what nobody had', async () => {
      await fixture.send('/queue/a', '1', '2');
      const first = await fixture.subscriber('/queue/a', { 'prefetch-count': '1' });
      await first.messages(1);
      first.destroy();
      const second = await fixture.subscriber('/queue/a');
      const frames = await second.messages(2);
      expect(frames.map(({ headers }) => headers['redelivered'])).to.deep.equal(['true', undefined]);
    });

    it('gives back on UNSUBSCRIBE, to the other subscriptions at once', async () => {
      await fixture.send('/queue/a', '1');
      const first = await fixture.subscriber('/queue/a');
      const frame = await first.take('MESSAGE');
      const second = await fixture.subscriber('/queue/a');
      await first.confirmed('UNSUBSCRIBE', { id: 's' });
      expect((await second.take('MESSAGE')).headers['redelivered']).to.equal('true');
      first.frame('ACK', { id: ackOf(frame) });
      expect((await first.take('ERROR')).headers['message']).to.equal('delivery unknown');
    });

    it('never counts: a message that ten connections lost is delivered to the eleventh', async () => {
      await fixture.send('/queue/a', '1');
      for (let times = 0; times < 10; times += 1) {
        const consumer = await fixture.subscriber('/queue/a');
        await consumer.messages(1);
        consumer.destroy();
      }
      const last = await fixture.subscriber('/queue/a');
      expect(texts(await last.messages(1))).to.deep.equal(['1']);
    });
  });

  describe('and NACK', () => {
    async function reject(consumer: RawStomp, times: number): Promise<ReceivedFrame[]> {
      const frames: ReceivedFrame[] = [];
      for (let time = 0; time < times; time += 1) {
        const frame = await consumer.take('MESSAGE');
        frames.push(frame);
        await consumer.confirmed('NACK', { id: ackOf(frame) });
      }
      return frames;
    }

    it('delivers again, marked, before what was sent later', async () => {
      await fixture.send('/queue/a', '1', '2');
      const consumer = await fixture.subscriber('/queue/a', { 'prefetch-count': '1' });
      await reject(consumer, 1);
      const again = await consumer.take('MESSAGE');
      expect(again.text).to.equal('1');
      expect(again.headers['redelivered']).to.equal('true');
    });

    for (const persistent of ['true', 'false']) {
      it(`moves a message (persistent:${persistent}) to DLQ.{queue} with the sixth one`, async () => {
        const sender = await fixture.client();
        await sender.confirmed(
          'SEND',
          { destination: '/queue/a', persistent, x: 'kept', 'dlq-reason': 'forged' },
          'bad',
        );
        const consumer = await fixture.subscriber('/queue/a');
        const frames = await reject(consumer, 6);
        expect(frames.map(({ headers }) => headers['redelivered'])).to.deep.equal([
          undefined,
          ...Array<string>(5).fill('true'),
        ]);
        await settle(consumer);
        expect(consumer.pending).to.have.length(0);
        expect(fixture.queue('a').inFlight).to.equal(0);

        await fixture.restart();
        const operator = await fixture.subscriber('/queue/DLQ.a');
        const letter = await operator.take('MESSAGE');
        expect(letter.text).to.equal('bad');
        expect(letter.headers).to.include({ x: 'kept', 'original-destination': '/queue/a' });
        expect(letter.headers['dlq-reason']).to.include('6 times');
        expect(letter.headers['message-id']).to.equal(frames[0]?.headers['message-id']);
        expect(letter.headers).not.to.have.property('redelivered');
        expect(fixture.queue('a').depth).to.equal(0);
      });
    }

    it('has a dead-letter queue for a queue with the longest name', async () => {
      const name = 'ü'.repeat(127);
      await fixture.send(`/queue/${name}`, 'bad');
      await reject(await fixture.subscriber(`/queue/${name}`), 6);
      const operator = await fixture.subscriber(`/queue/DLQ.${name}`);
      expect((await operator.take('MESSAGE')).text).to.equal('bad');
    });

    it('is counted over a restart', async () => {
      await fixture.send('/queue/a', 'bad');
      await reject(await fixture.subscriber('/queue/a'), 4);
      await fixture.restart();
      await reject(await fixture.subscriber('/queue/a'), 2);
      await until(() => fixture.queue('DLQ.a').depth === 1, { what: 'the dead letter' });
    });

    it('keeps a dead letter where it is', async () => {
      await fixture.send('/queue/DLQ.a', 'bad');
      const consumer = await fixture.subscriber('/queue/DLQ.a');
      await reject(consumer, 8);
      expect((await consumer.take('MESSAGE')).text).to.equal('bad');
    });

    it('covers everything delivered before in mode client', async () => {
      await fixture.send('/queue/a', '1', '2', '3');
      const consumer = await fixture.subscriber('/queue/a', { ack: 'client', 'prefetch-count': '3' });
      const frames = await consumer.messages(3);
      await consumer.confirmed('NACK', { id: ackOf(frames[1]!) });
      expect(texts(await consumer.messages(2))).to.deep.equal(['1', '2']);
      await settle(consumer);
      expect(consumer.pending).to.have.length(0);
    });
  });

  it('are forgotten when they are empty and nobody is there', async () => {
    await fixture.send('/queue/a', '1');
    const consumer = await fixture.subscriber('/queue/a');
    await consumer.confirmed('ACK', { id: ackOf(await consumer.take('MESSAGE')) });
    expect(fixture.broker.statistics().queues).to.deep.equal([
      { name: 'a', depth: 0, consumers: 1, inFlight: 0 },
    ]);
    await consumer.confirmed('UNSUBSCRIBE', { id: 's' });
    expect(fixture.broker.statistics()).to.deep.include({ queues: [], storedBytes: 0, memoryBytes: 0 });
  });
});
