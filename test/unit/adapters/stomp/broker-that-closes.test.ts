/** Artemis closes a connection after a goodbye and after an ERROR; closed from both sides at once it locks up. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { failureOf } from '../../../support/errors.js';
import { newMessage } from '../../../support/messages.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

/** Milliseconds in which a client that does not wait has long closed. */
const whileMs = 100;

describe('a broker that closes its connections itself', () => {
  const bench = stompBench({ name: 'ActiveMQ-Artemis/2.44.0' });
  const orders = queue('orders');

  it('is left to do so after a goodbye', async () => {
    const [connection, there] = await bench.connect();
    let wasClosedHere: boolean | undefined;
    bench.server.rule((frame, at) => {
      if (frame.command !== 'DISCONNECT') return 'default';
      at.confirm(frame);
      setTimeout(() => {
        wasClosedHere = at.isEnded();
        at.end();
      }, whileMs);
      return 'handled';
    });
    await connection.close(2_000);
    expect(wasClosedHere).to.equal(false);
    await until(() => there.isEnded(), { what: 'the end of the connection' });
  });

  it('is left to do so after an ERROR, which nothing but the refused frame counts as refused', async () => {
    const [broker, there] = await bench.started();
    bench.server.holdReceipts(true);
    const outcomes = [1, 2, 3].map(() => failureOf(broker.channel.send(orders, newMessage())));
    const second = await there.frame('SEND', 2);
    const third = await there.frame('SEND', 3);
    const refuse = (receipt: string | undefined, message: string): void =>
      there.send('ERROR', { 'receipt-id': receipt ?? '', message });
    refuse(second.headers.get('receipt'), 'AMQ339001 Destination does not exist orders');
    // So it answers whatever was written behind.
    refuse(third.headers.get('receipt'), 'AMQ339010 Connection is not valid.');
    const codes = (await Promise.all(outcomes)).map(({ code }) => code);
    expect(codes).to.deep.equal(['SEND_UNCONFIRMED', 'SEND_REFUSED', 'SEND_UNCONFIRMED']);

    await new Promise((resolve) => setTimeout(resolve, whileMs));
    expect(there.isEnded(), 'closed by the client').to.equal(false);
    there.end();
    await until(() => there.isEnded(), { what: 'the end of the connection' });
    bench.server.holdReceipts(false);
    await until(() => broker.channel.isUp(), { what: 'a new connection' });
    await broker.channel.send(orders, newMessage());
  });

  it('is not waited for when it does not', async () => {
    const [connection, there] = await bench.connect();
    bench.server.rule((frame, at) => {
      if (frame.command !== 'DISCONNECT') return 'default';
      at.confirm(frame);
      return 'handled';
    });
    await connection.close(10_000);
    await until(() => there.isEnded(), { what: 'the end of the connection' });
  });

  it('tells of a refused subscription without naming it, and is understood', async () => {
    bench.server.rule((frame, at) => {
      if (frame.command !== 'SUBSCRIBE') return 'default';
      at.send('ERROR', { message: "AMQ229032 User x does not have permission='CREATE_ADDRESS'" });
      at.end();
      return 'handled';
    });
    const how = { prefetch: 3, onDelivery: () => undefined };
    const error = await failureOf(bench.broker().source.subscribe(orders, how));
    expect(error).to.include({ code: 'SUBSCRIBE_REFUSED', destination: 'orders' });
    expect(error.message).to.contain("permission='CREATE_ADDRESS'");
  });
});
