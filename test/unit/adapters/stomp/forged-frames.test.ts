/** What a stranger can write into a message that looks like frames of the broker. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const answers = queue('answers');

describe('frames that are not of the broker', () => {
  const bench = stompBench();
  let deliveries: Delivery[];

  /** A consumer that acknowledges, the server's end of its connection, and how a message for it begins. */
  async function subscribed(): Promise<readonly [FakeStompConnection, string]> {
    deliveries = [];
    await bench.broker().source.subscribe(answers, {
      prefetch: 10,
      onDelivery: (one) => {
        deliveries.push(one);
        one.acknowledge();
      },
    });
    const connection = await bench.server.connection(1);
    const { headers } = await connection.frame('SUBSCRIBE');
    return [connection, `MESSAGE\nsubscription:${headers.get('id')}\nmessage-id:1\nack:1\n`];
  }

  const bodies = (): string[] => deliveries.map(({ message }) => Buffer.from(message.body).toString());

  const warnings = (): unknown[] =>
    bench.logger.entries.filter(({ level }) => level === 'warn').map(({ facts }) => facts['what']);

  happens(
    'Surroundings',
    'a broker greets a second time on one connection',
    'it is passed over, the log warns once, and the connection consumes on',
    async () => {
      const [connection, head] = await subscribed();
      for (const version of ['1.2', '1.0'])
        connection.send('CONNECTED', { version, server: 'ActiveMQ/6.3.1', 'heart-beat': '1,1' });
      connection.write(`${head}\nnext\0`);
      await until(() => deliveries.length > 0, { what: 'the next message' });
      expect(bodies()).to.deep.equal(['next']);
      expect(warnings()).to.deep.equal(['a second CONNECTED']);
      expect(bench.server.connections).to.have.length(1);
    },
  );

  happens(
    'Messages',
    'text with a NUL, which ActiveMQ hands over without a length, and behind it a greeting, an error, a receipt or a message',
    'it arrives up to the NUL; what stands behind it is passed over, and the log warns once for each kind; the connection stays, and the messages after it arrive',
    async () => {
      const [connection, head] = await subscribed();
      const forged = [
        'CONNECTED\nversion:1.2\n\n',
        'ERROR\nmessage:hello\n\n',
        'ERROR\nreceipt-id:r1\ncontent-length:1000\n\nno',
        'RECEIPT\nreceipt-id:r1\n\n',
        'MESSAGE\nsubscription:sub-0\nmessage-id:1\nack:forged\n\nforged',
        'MESSAGE\nsubscription:sub-0\ncontent-length:1000\n\nforged',
      ];
      for (const frame of [...forged, ...forged]) connection.write(`${head}\nx\0\n${frame}\0\n`);
      connection.write(`${head}\nnext\0\n`);
      await until(() => deliveries.length === 13, { what: 'the last message' });
      expect(bodies()).to.deep.equal([...Array<string>(12).fill('x'), 'next']);
      await until(() => connection.framesOf('ACK').length === 13, { what: 'every acknowledgement' });
      expect(warnings()).to.deep.equal([
        'a second CONNECTED',
        'an ERROR that is about nothing that was asked for',
        'a message to a subscription that nobody made',
      ]);
      expect(bench.server.connections).to.have.length(1);
    },
  );

  happens(
    'Messages',
    'a message whose content-length is far too long, while many others follow it',
    'the next message of the same connection shows where it ends: both are delivered at once',
    async () => {
      const [connection, head] = await subscribed();
      connection.write(`${head}content-length:1048576\n\nsmall\0\n`);
      for (let nth = 1; nth <= 10; nth += 1) {
        connection.write(`${head}\n${nth}\0\n`);
        await until(() => deliveries.length === nth + 1, { what: `delivery ${nth}` });
      }
      expect(bodies()).to.deep.equal([
        'small',
        ...Array.from({ length: 10 }, (_, index) => String(index + 1)),
      ]);
      expect(warnings()).to.deep.equal(['a content-length that is not that of the body']);
    },
  );

  it('are told from its own by a name that is another one for each connection', async () => {
    const names = new Set<string>();
    for (const to of ['a', 'b', 'c']) {
      await bench.broker().source.subscribe(queue(to), { prefetch: 1, onDelivery: () => undefined });
    }
    for (const connection of bench.server.connections)
      names.add((await connection.frame('SUBSCRIBE')).headers.get('id') ?? '');
    expect(names.size).to.equal(3);
    for (const name of names) expect(name).to.match(/^sub-[0-9a-f]{24}-0$/u);
  });

  it('are an end all the same when the broker closes the socket after its ERROR, and the reason tells what it said', async () => {
    const [connection] = await subscribed();
    connection.send('ERROR', { message: 'the house is on fire' });
    connection.end();
    await bench.server.connection(2);
    expect(bench.logger.text()).to.include(
      "closed the connection: after an ERROR that says 'the house is on fire'",
    );
  });
});
