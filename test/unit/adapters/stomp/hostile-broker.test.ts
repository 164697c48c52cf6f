/** What a broker, or whatever answers in its place, can do to us over STOMP. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import { failureOf } from '../../../support/errors.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const answers = queue('answers');
const megabyte = 1024 * 1024;

describe('a broker that does not keep to STOMP', () => {
  const bench = stompBench();
  let deliveries: Delivery[];

  /** A consumer, and the server's end of its connection. */
  async function subscribed(): Promise<FakeStompConnection> {
    deliveries = [];
    await bench
      .broker()
      .source.subscribe(answers, { prefetch: 10, onDelivery: (one) => deliveries.push(one) });
    return bench.server.connection(1);
  }

  /** How a message for that consumer begins. */
  async function headTo(connection: FakeStompConnection): Promise<string> {
    const { headers } = await connection.frame('SUBSCRIBE');
    return `MESSAGE\nsubscription:${headers.get('id')}\nmessage-id:1\nack:1\n`;
  }

  /** It was ended with this reason, once, and a consumer is there again, on a new connection. */
  async function expectNewConnection(first: FakeStompConnection, reason: string): Promise<void> {
    await until(() => first.isClosed(), { what: 'the end of the connection' });
    const second = await bench.server.connection(2);
    await second.frame('SUBSCRIBE');
    await second.deliver({ 'Message-ID': 'after' }, 'after');
    await until(() => deliveries.at(-1)?.message.messageId === 'after', { what: 'the next message' });
    expect(bench.logger.sentences('warn')).to.include('the broker connection ended');
    expect(bench.logger.text()).to.include(reason);
  }

  /** Writes until the other side has enough of it; the most memory that this took, in bytes. */
  async function flood(connection: FakeStompConnection, piece: Buffer, most: number): Promise<number> {
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    let peak = before;
    for (let sent = 0; sent < most && !connection.isClosed(); sent += piece.length) {
      connection.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
      peak = Math.max(peak, used());
    }
    return peak - before;
  }

  happens(
    'Surroundings',
    'a broker sends a body without end',
    'the connection ends at 64 MiB, with less than 512 MiB of memory; the log says why, and a new connection consumes what the broker sends instead; what it sends again ends that too',
    async () => {
      const connection = await subscribed();
      connection.write(`${await headTo(connection)}\n`);
      const taken = await flood(connection, Buffer.alloc(megabyte, 'x'), 200 * megabyte);
      expect(taken).to.be.below(512 * megabyte);
      await expectNewConnection(connection, 'a body of more than 67108864 bytes');
      expect(deliveries).to.have.length(1);
    },
  );

  happens(
    'Surroundings',
    'a broker announces a body of 100 MB',
    'the connection ends before any of it is read; the log names both sizes, and a new connection consumes what the broker sends instead; what it sends again ends that too',
    async () => {
      const connection = await subscribed();
      connection.write(`${await headTo(connection)}content-length:100000000\n\n`);
      await expectNewConnection(connection, 'a body of 100000000 bytes, of which 67108864 are taken');
    },
  );

  happens(
    'Surroundings',
    'a broker sends header lines without end',
    'the connection ends at 1 MiB; the log says why, and a new connection consumes what the broker sends instead; what it sends again ends that too',
    async () => {
      const connection = await subscribed();
      connection.write(await headTo(connection));
      await flood(connection, Buffer.from('a:1\n'.repeat(16_384)), 100 * megabyte);
      await expectNewConnection(connection, 'headers of a frame take more than 1048576 bytes');
    },
  );

  happens(
    'Messages',
    'a message whose content-length is that of another body',
    'it is read up to its NUL, the messages around it arrive whole, and the log warns once for each connection',
    async () => {
      const connection = await subscribed();
      const head = await headTo(connection);
      await connection.deliver({ 'Message-ID': 'first' }, 'first');
      connection.write(`${head}Message-ID:short\ncontent-length:2\n\nfour\0`);
      connection.write(`${head}Message-ID:long\ncontent-length:99\n\nfour\0`);
      connection.write(`${head}Message-ID:none\ncontent-length:many\n\nfour\0`);
      await connection.deliver({ 'Message-ID': 'last' }, 'x'.repeat(99));
      await until(() => deliveries.length === 5, { what: 'five messages' });
      const read = deliveries.map(({ message }) => [message.messageId, Buffer.from(message.body).toString()]);
      const bodies = ['first', 'four', 'four', 'four', 'x'.repeat(99)];
      const ids = ['first', 'short', 'long', 'none', 'last'];
      expect(read).to.deep.equal(ids.map((id, index) => [id, bodies[index]]));
      // One for each thing that was wrong.
      expect(bench.logger.sentences('warn')).to.have.length(2);
      expect(bench.server.connections).to.have.length(1);
    },
  );

  happens(
    'Messages',
    'text with a NUL, which ActiveMQ hands over without a length',
    'it arrives up to the NUL, and the messages after it arrive whole',
    async () => {
      const connection = await subscribed();
      const head = await headTo(connection);
      connection.write(`${head}Message-ID:text\n\nbefore\0after\0${head}Message-ID:next\n\nnext\0`);
      await until(() => deliveries.length === 2, { what: 'two messages' });
      const read = deliveries.map(({ message }) => Buffer.from(message.body).toString());
      expect(read).to.deep.equal(['before', 'next']);
      expect(bench.logger.text()).to.include('something between two frames that is none');
    },
  );

  happens(
    'Surroundings',
    'a broker sends receipts and messages by names that every object has',
    'they belong to nobody: nothing is printed, and the connection goes on',
    async () => {
      const connection = await subscribed();
      const printed: unknown[] = [];
      const write = process.stdout.write.bind(process.stdout);
      process.stdout.write = (said: unknown) => printed.push(said) > 0;
      try {
        for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
          connection.send('RECEIPT', { 'receipt-id': name });
          connection.send('MESSAGE', { subscription: name, 'message-id': '1' }, 'x');
        }
        await connection.deliver({ 'Message-ID': 'last' }, 'x');
        await until(() => deliveries.length > 0, { what: 'the last message' });
      } finally {
        process.stdout.write = write;
      }
      expect(printed).to.deep.equal([]);
      expect(deliveries.map(({ message }) => message.messageId)).to.deep.equal(['last']);
      expect(bench.server.connections).to.have.length(1);
    },
  );
});

describe('whatever answers in place of a broker', () => {
  const bench = stompBench();

  /** What connecting comes to when this is the answer to CONNECT. */
  async function answeredBy(answer: string): Promise<{ code: string; message: string }> {
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'CONNECT') return 'default';
      connection.write(answer);
      return 'handled';
    });
    const failure = await failureOf(bench.connect());
    await until(() => bench.server.open().length === 0, { what: 'the end of the connection' });
    return failure;
  }

  happens(
    'Surroundings',
    'the port of the broker is that of an HTTP server',
    'BROKER_UNAVAILABLE at once, which quotes what was said',
    async () => {
      const { code, message } = await answeredBy('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      expect(code).to.equal('BROKER_UNAVAILABLE');
      expect(message).to.include("it does not speak STOMP but says 'HTTP/1.1 400 Bad Request");
    },
  );

  happens(
    'Surroundings',
    'a broker agrees on a version that was not offered, or on none',
    'BROKER_UNSUPPORTED that names what it said and what is understood',
    async () => {
      for (const version of ['version:1.0\n', 'version:9\n', '']) {
        const { code, message } = await answeredBy(`CONNECTED\nserver:ActiveMQ/6.3.1\n${version}\n\0`);
        expect(code, version).to.equal('BROKER_UNSUPPORTED');
        expect(message).to.include('1.2 or 1.1');
      }
    },
  );

  happens(
    'Surroundings',
    'a broker agrees on heart-beats that are no numbers, or longer than a timer takes',
    'BROKER_UNAVAILABLE that names what it said; nothing beats',
    async () => {
      const warnings: Error[] = [];
      const keep = (warning: Error): void => void warnings.push(warning);
      process.on('warning', keep);
      try {
        // Fuzzing found 4294967296: a timer of stompjs overflowed before anybody was asked.
        for (const beats of ['soon,often', '10000', '-1,-1', '4294967296', '99999999999,99999999999']) {
          const said = `CONNECTED\nserver:ActiveMQ/6.3.1\nversion:1.2\nheart-beat:${beats}\n\n\0`;
          const { code, message } = await answeredBy(said);
          expect(code, beats).to.equal('BROKER_UNAVAILABLE');
          expect(message).to.include(`heart-beat '${beats}'`);
        }
      } finally {
        process.off('warning', keep);
      }
      expect(warnings).to.deep.equal([]);
    },
  );

  happens(
    'Surroundings',
    'a broker refuses the login with a text without end',
    'BROKER_LOGIN_REFUSED with the first 500 characters of it',
    async () => {
      const { code, message } = await answeredBy(`ERROR\n\n${'no! '.repeat(100_000)}\0`);
      expect(code).to.equal('BROKER_LOGIN_REFUSED');
      expect(message).to.include('no! no!').and.to.have.length.below(700);
    },
  );
});
