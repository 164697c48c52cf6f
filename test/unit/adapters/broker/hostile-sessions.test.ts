import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { happens } from '../../../support/happens.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

describe('frames that the embedded broker understands and refuses', () => {
  const fixture = embeddedBroker({
    limits: {
      openTransactions: 3,
      actionsPerTransaction: 5,
      transactionBytes: 5_000,
      subscriptionsPerConnection: 3,
    },
  });

  async function refused(
    client: RawStomp,
    command: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<ReceivedFrame> {
    client.frame(command, { ...headers, receipt: `of ${command}` }, body);
    return await client.take('ERROR', { 'receipt-id': `of ${command}` });
  }

  /** Refused with these words; the connection serves on. */
  async function expectRefused(
    client: RawStomp,
    said: string | RegExp,
    ...frame: [string, Record<string, string>]
  ): Promise<void> {
    const error = await refused(client, ...frame);
    if (typeof said === 'string') expect(error.headers['message']).to.equal(said);
    else expect(error.headers['message']).to.match(said);
    await client.confirmed('SEND', { destination: '/topic/nobody' });
  }

  /** A consumer with one delivery that is not settled. */
  async function consumer(headers: Record<string, string> = {}): Promise<[RawStomp, ReceivedFrame]> {
    await fixture.send('/queue/a', 'x');
    const client = await fixture.subscriber('/queue/a', headers);
    return [client, await client.take('MESSAGE')];
  }

  /** The message of {@link consumer} is where it was: with its consumer, or in its queue when that has gone. */
  async function expectKept(client: RawStomp): Promise<void> {
    expect(fixture.queue('a')).to.deep.include({ depth: 0, inFlight: 1 });
    client.destroy();
    await until(() => fixture.queue('a').depth === 1, { what: 'the message in its queue' });
    const next = await fixture.subscriber('/queue/a', { ack: 'auto' });
    expect((await next.take('MESSAGE')).text).to.equal('x');
  }

  happens(
    'STOMP',
    'ACK or NACK of a delivery of another connection',
    'ERROR delivery unknown, served on; the message stays with its consumer',
    async () => {
      const [owner, message] = await consumer();
      const stranger = await fixture.subscriber('/queue/b');
      for (const command of ['ACK', 'NACK']) {
        await expectRefused(stranger, 'delivery unknown', command, { id: message.headers['ack'] ?? '' });
      }
      await expectKept(owner);
    },
  );

  happens(
    'STOMP',
    'ACK or NACK of an id that was never given out',
    'ERROR delivery unknown, served on; nothing is settled',
    async () => {
      const [owner, message] = await consumer();
      const id = message.headers['ack'] ?? '';
      for (const other of [
        'x',
        '.',
        `${id}0`,
        `${id}.1`,
        ` ${id}`,
        `${id} `,
        `${id}e0`,
        id.replace(/(\d+)$/u, '0$1'),
        `${id}.0`,
      ]) {
        await expectRefused(owner, 'delivery unknown', 'ACK', { id: other });
      }
      await expectRefused(owner, 'id missing', 'ACK', {});
      await expectRefused(owner, 'id missing', 'NACK', { 'message-id': message.headers['message-id'] ?? '' });
      await expectKept(owner);
    },
  );

  happens(
    'STOMP',
    'ACK or NACK of what is settled already',
    'ERROR delivery unknown, served on; the message is gone once',
    async () => {
      const [owner, message] = await consumer();
      const id = message.headers['ack'] ?? '';
      await owner.confirmed('ACK', { id });
      await expectRefused(owner, 'delivery unknown', 'ACK', { id });
      await expectRefused(owner, 'delivery unknown', 'NACK', { id });
      expect(fixture.queue('a')).to.deep.include({ depth: 0, inFlight: 0 });
      expect(owner.pending).to.deep.equal([]);
    },
  );

  happens(
    'STOMP',
    'ACK or NACK with a subscription that acknowledges by itself',
    'ERROR delivery unknown, served on; the message is done with',
    async () => {
      const [owner, message] = await consumer({ ack: 'auto' });
      expect(message.headers).to.not.have.property('ack');
      for (const command of ['ACK', 'NACK']) {
        await expectRefused(owner, 'delivery unknown', command, { id: message.headers['message-id'] ?? '' });
      }
      expect(fixture.queue('a')).to.deep.include({ depth: 0, inFlight: 0 });
    },
  );

  happens(
    'STOMP',
    'ACK, SEND, COMMIT or ABORT in a transaction that is not open',
    'ERROR transaction unknown, served on; nothing is done',
    async () => {
      const [owner, message] = await consumer();
      await expectRefused(owner, 'transaction unknown', 'ACK', {
        id: message.headers['ack'] ?? '',
        transaction: 't',
      });
      await expectRefused(owner, 'transaction unknown', 'SEND', {
        destination: '/queue/b',
        transaction: 't',
      });
      await expectRefused(owner, 'transaction unknown', 'COMMIT', { transaction: 't' });
      await expectRefused(owner, 'transaction unknown', 'ABORT', { transaction: 't' });
      await expectRefused(owner, 'transaction missing', 'COMMIT', {});
      await expectRefused(owner, 'transaction missing', 'BEGIN', { transaction: '' });
      expect(fixture.queue('b').depth).to.equal(0);
      await expectKept(owner);
    },
  );

  happens(
    'STOMP',
    'BEGIN of a transaction that is open',
    'ERROR transaction in use, served on; the open one goes on',
    async () => {
      const client = await fixture.client();
      await client.confirmed('BEGIN', { transaction: 't' });
      client.frame('SEND', { destination: '/queue/b', transaction: 't' }, 'in it');
      await expectRefused(client, 'transaction in use', 'BEGIN', { transaction: 't' });
      await client.confirmed('COMMIT', { transaction: 't' });
      expect(fixture.queue('b').depth).to.equal(1);
    },
  );

  happens(
    'STOMP',
    'transactions without end',
    'ERROR at the limit of open ones, closed; their messages are forgotten',
    async () => {
      const client = await fixture.client();
      for (const transaction of ['1', '2', '3']) {
        await client.confirmed('BEGIN', { transaction });
        await client.confirmed('SEND', { destination: '/queue/b', transaction }, 'x');
      }
      expect(fixture.broker.statistics().memoryBytes).to.be.above(0);
      expect((await refused(client, 'BEGIN', { transaction: '4' })).headers['message']).to.equal(
        'too many transactions',
      );
      await client.closed;
      expect(fixture.broker.statistics().memoryBytes).to.equal(0);
      expect(fixture.queue('b').depth).to.equal(0);
    },
  );

  happens(
    'STOMP',
    'a transaction with frames, or with bytes, without end',
    'ERROR at the limit, closed; nothing of it is done',
    async () => {
      for (const [body, said] of [
        ['x', 'too many actions in a transaction'],
        ['x'.repeat(2_000), 'transaction too large'],
      ] as const) {
        const client = await fixture.client();
        await client.confirmed('BEGIN', { transaction: 't' });
        for (let count = 0; count < 10; count += 1) {
          client.frame('SEND', { destination: '/queue/b', transaction: 't' }, body);
        }
        expect((await client.take('ERROR')).headers['message']).to.equal(said);
        await client.closed;
        expect([fixture.broker.statistics().memoryBytes, fixture.queue('b').depth]).to.deep.equal([0, 0]);
      }
    },
  );

  happens(
    'STOMP',
    'a connection that ends in the middle of a transaction',
    'nothing of it is done; what it had acknowledged is delivered again',
    async () => {
      const [owner, message] = await consumer();
      await owner.confirmed('BEGIN', { transaction: 't' });
      await owner.confirmed('ACK', { id: message.headers['ack'] ?? '', transaction: 't' });
      await owner.confirmed('SEND', { destination: '/queue/b', transaction: 't' }, 'reply');
      await expectKept(owner);
      expect([fixture.queue('b').depth, fixture.broker.statistics().memoryBytes]).to.deep.equal([0, 0]);
    },
  );

  happens(
    'STOMP',
    'a subscription id that is in use',
    'ERROR, served on; the first subscription goes on',
    async () => {
      const client = await fixture.subscriber('/queue/a');
      await expectRefused(client, 'subscription id in use', 'SUBSCRIBE', {
        id: 's',
        destination: '/queue/b',
      });
      await fixture.send('/queue/a', 'to the first');
      expect((await client.take('MESSAGE')).text).to.equal('to the first');
      expect(fixture.queue('b').consumers).to.equal(0);
    },
  );

  happens(
    'STOMP',
    'subscriptions without end',
    'ERROR at the limit of a connection, closed; none of them is left',
    async () => {
      const client = await fixture.client();
      for (const id of ['1', '2', '3']) await client.confirmed('SUBSCRIBE', { id, destination: '/queue/a' });
      expect(
        (await refused(client, 'SUBSCRIBE', { id: '4', destination: '/queue/a' })).headers['message'],
      ).to.equal('too many subscriptions');
      await client.closed;
      expect(fixture.queue('a').consumers).to.equal(0);
    },
  );

  happens(
    'STOMP',
    'UNSUBSCRIBE of what is not subscribed',
    'ERROR subscription unknown, served on',
    async () => {
      const client = await fixture.subscriber('/queue/a');
      await expectRefused(client, 'subscription unknown', 'UNSUBSCRIBE', { id: 'other' });
      await expectRefused(client, 'id missing', 'UNSUBSCRIBE', {});
      expect(fixture.queue('a').consumers).to.equal(1);
    },
  );

  happens(
    'STOMP',
    'SEND or SUBSCRIBE without a destination',
    'ERROR that shows the forms of a destination, served on; nothing is sent',
    async () => {
      const client = await fixture.client();
      for (const headers of [{}, { destination: '' }]) {
        await expectRefused(client, 'destination missing', 'SEND', headers);
        await expectRefused(client, 'destination missing', 'SUBSCRIBE', { id: 's', ...headers });
      }
      expect(fixture.broker.statistics().queues).to.deep.equal([]);
    },
  );

  happens(
    'STOMP',
    'SEND to a wildcard, to a list, or to a kind that other brokers have',
    'ERROR that shows the forms of a destination, served on; nothing is sent',
    async () => {
      const client = await fixture.client();
      for (const destination of [
        '/queue/a.>',
        '/queue/*',
        '/queue/a,/queue/b',
        '/queue/a,b',
        '/temp-queue/a',
        '/exchange/a',
        '/queue/',
        '/queue',
        '/',
        'queue://a',
        'topic://a',
        '/queue/ ',
        '/queue/a\n',
        '/queue/a\nb',
        '/topic/a.>',
        `/queue/${'x'.repeat(256)}`,
      ]) {
        for (const command of ['SEND', 'SUBSCRIBE']) {
          const said = /^destination .* is not offered$/su;
          await expectRefused(client, said, command, { id: 's', destination });
        }
      }
      expect(fixture.broker.statistics().queues).to.deep.equal([]);
    },
  );

  happens(
    'STOMP',
    'SEND to a dead-letter queue',
    'it is a queue like any other: the message waits there',
    async () => {
      await fixture.send('/queue/DLQ.a', 'x');
      const consuming = await fixture.subscriber('/queue/DLQ.a', { ack: 'auto' });
      expect((await consuming.take('MESSAGE')).text).to.equal('x');
    },
  );

  happens(
    'STOMP',
    'headers of the broker in a SEND, and a reply-to that is nonsense',
    'the broker writes its own; all else reaches the consumer as it is',
    async () => {
      const [sender, receiver] = [await fixture.client(), await fixture.subscriber('/queue/b')];
      const own = { 'message-id': 'forged', subscription: 'forged', ack: 'forged', redelivered: 'true' };
      const nonsense = {
        'reply-to': 'no: \\where\n',
        'correlation-id': ' ',
        timestamp: 'yesterday',
        expires: '-1',
      };
      await sender.confirmed('SEND', { destination: '/queue/b', ...own, ...nonsense }, 'x');
      const { headers } = await receiver.take('MESSAGE');
      expect(headers).to.include({ ...nonsense, subscription: 's' });
      expect(headers).to.not.have.property('redelivered');
      expect([headers['message-id'], headers['ack']]).to.not.include('forged');
      await receiver.confirmed('ACK', { id: headers['ack'] ?? '' });
      expect(fixture.queue('b')).to.deep.include({ depth: 0, inFlight: 0 });
    },
  );

  happens(
    'STOMP',
    'two frames with one receipt, or an empty one',
    'each is confirmed by itself',
    async () => {
      const client = await fixture.client();
      for (const receipt of ['same', 'same', ''])
        client.frame('SEND', { destination: '/queue/b', receipt }, 'x');
      await client.take('RECEIPT', { 'receipt-id': 'same' });
      await client.take('RECEIPT', { 'receipt-id': 'same' });
      await client.take('RECEIPT', { 'receipt-id': '' });
      expect(fixture.queue('b').depth).to.equal(3);
    },
  );
});
