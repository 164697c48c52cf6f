import { expect } from 'chai';
import { queue, topic } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import { failureOf } from '../../../support/errors.js';
import { settled } from '../../../support/event-loop.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const ignore = (): void => undefined;

describe('a channel over STOMP', () => {
  const bench = stompBench();

  it('sends persistently to a queue, and transiently to a topic, both with a receipt', async () => {
    const [{ channel }, server] = await bench.started();
    await channel.send(queue('q'), newMessage({ body: Buffer.from('{}') }), { brokerExpiresAt: 99 });
    await channel.publish(topic('t'), newMessage());
    const [send, publish] = server.framesOf('SEND').map(({ headers }) => Object.fromEntries(headers));
    expect(send).to.include({ destination: '/queue/q', persistent: 'true', expires: '99' });
    expect(publish).to.include({ destination: '/topic/t' }).and.to.not.have.any.keys('persistent', 'expires');
    expect([send, publish].every((headers) => headers?.['receipt'] !== undefined)).to.equal(true);
  });

  it('spreads sends over its connections, to the one with the fewest unconfirmed', async () => {
    bench.server.holdReceipts(true);
    const broker = bench.broker({ sendConnections: 2 });
    await broker.start();
    const sending = Array.from({ length: 6 }, () => broker.channel.send(queue('q'), newMessage()));
    await until(
      () => bench.server.connections.every((connection) => connection.framesOf('SEND').length === 3),
      { what: 'three sends on each' },
    );
    bench.server.holdReceipts(false);
    for (const connection of bench.server.connections) {
      for (const frame of connection.framesOf('SEND')) connection.confirm(frame);
    }
    await Promise.all(sending);
  });

  it('goes on with the connections that are left', async () => {
    const broker = bench.broker({ sendConnections: 2 });
    await broker.start();
    bench.server.rule((frame) => (frame.command === 'CONNECT' ? 'handled' : 'default'));
    (await bench.server.connection(1)).destroy();
    const second = await bench.server.connection(2);
    await until(() => bench.server.open().length > 0 && broker.channel.isUp(), {
      what: 'the other connection',
    });
    await until(() => broker.channel.send(queue('q'), newMessage()).then(() => true), { what: 'a send' });
    expect(second.framesOf('SEND').length).to.be.at.least(1);
  });

  it('rejects with BROKER_UNAVAILABLE what waits for room when the last connection ends', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmed: 1 });
    const failing = [1, 2, 3].map(() => failureOf(broker.channel.send(queue('q'), newMessage())));
    await server.frame('SEND');
    server.destroy();
    const codes = (await Promise.all(failing)).map(({ code }) => code);
    expect(codes).to.deep.equal(['SEND_UNCONFIRMED', 'BROKER_UNAVAILABLE', 'BROKER_UNAVAILABLE']);
    expect(server.framesOf('SEND')).to.have.length(1);
  });

  it('tells each time it comes up, until nobody listens any more', async () => {
    const broker = bench.broker();
    let ups = 0;
    const stopListening = broker.channel.onUp(() => (ups += 1));
    expect([broker.channel.isUp(), broker.broker()]).to.deep.equal([false, undefined]);
    await broker.start();
    expect([ups, broker.broker()?.server]).to.deep.equal([1, 'ActiveMQ/6.3.1']);
    (await bench.server.connection(1)).destroy();
    await until(() => ups === 2, { what: 'the second time' });
    stopListening();
    (await bench.server.connection(2)).destroy();
    await bench.server.connection(3);
    await until(() => broker.channel.isUp(), { what: 'the third connection' });
    expect(ups).to.equal(2);
  });

  it('says why it could not start, and comes up by itself later', async () => {
    let refusing = true;
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'CONNECT' || !refusing) return 'default';
      connection.send('ERROR', { message: 'starting up' });
      connection.end();
      return 'handled';
    });
    const broker = bench.broker();
    expect((await broker.start())?.code).to.equal('BROKER_LOGIN_REFUSED');
    refusing = false;
    await until(() => broker.channel.isUp(), { what: 'the connection' });
  });

  it('rejects a send whose headers cannot travel, and sends the next', async () => {
    const [{ channel }, server] = await bench.started({ maxUnconfirmed: 1 });
    const bad = newMessage({ properties: { project: 'two\nlines' } });
    expect((await failureOf(channel.send(queue('q'), bad))).code).to.equal('INVALID_ARGUMENT');
    await channel.send(queue('q'), newMessage());
    expect(server.framesOf('SEND')).to.have.length(1);
  });

  it('takes nothing once it is stopped, and leaves no connection', async () => {
    const [broker] = await bench.started();
    await broker.stop(1_000);
    expect((await failureOf(broker.channel.send(queue('q'), newMessage()))).code).to.equal(
      'BROKER_UNAVAILABLE',
    );
    expect((await failureOf(broker.channel.publish(topic('t'), newMessage()))).code).to.equal(
      'BROKER_UNAVAILABLE',
    );
    expect(broker.channel.isUp()).to.equal(false);
    expect(broker.activity()).to.deep.equal({ sends: 0, wantedSubscriptions: 0, subscriptions: 0 });
    await until(() => bench.server.open().length === 0, { what: 'the end of every socket' });
  });
});

describe('a source over STOMP', () => {
  const bench = stompBench();

  it('subscribes to a queue for acknowledgements one by one, to a topic without', async () => {
    const { source } = bench.broker();
    const deliveries: Delivery[] = [];
    const take = { prefetch: 3, onDelivery: (delivery: Delivery) => void deliveries.push(delivery) };
    await source.subscribe(queue('q'), take);
    await source.subscribe(topic('t'), take);
    const [onQueue, onTopic] = [await bench.server.connection(1), await bench.server.connection(2)];
    const headersOf = async (connection: typeof onQueue): Promise<object> =>
      Object.fromEntries((await connection.frame('SUBSCRIBE')).headers);
    expect(await headersOf(onQueue)).to.include({
      ...{ destination: '/queue/q', ack: 'client-individual', 'activemq.prefetchSize': '3' },
    });
    expect(await headersOf(onTopic)).to.include({ destination: '/topic/t', ack: 'auto' });
    await onTopic.deliver();
    await until(() => deliveries.length === 1, { what: 'the notice' });
    expect(deliveries[0]!.acknowledge()).to.equal(true);
    await onQueue.deliver();
    await until(() => deliveries.length === 2, { what: 'the message' });
    deliveries[1]!.acknowledge();
    await onQueue.frame('ACK');
    expect(onTopic.framesOf('ACK')).to.deep.equal([]);
  });

  it('gives a message as far as it can be read, and its headers as they came', async () => {
    const deliveries: Delivery[] = [];
    await bench
      .broker()
      .source.subscribe(queue('q'), { prefetch: 1, onDelivery: (one) => deliveries.push(one) });
    const server = await bench.server.connection(1);
    await server.deliver(
      { 'message-id': 'ID:7', 'Deadline-Ms': 'soon', JMSType: 'a:b', redelivered: 'true' },
      'body',
    );
    const [delivery] = await until(() => deliveries.length > 0 && deliveries, { what: 'the delivery' });
    expect(delivery).to.deep.include({
      ...{ redelivered: true, destination: queue('q'), brokerId: { value: 'ID:7', stable: true } },
    });
    expect(delivery!.message).to.deep.include({ messageId: 'ID:7', properties: { form: 'bytes' } });
    expect(delivery!.headers).to.include({ JMSType: 'a:b', 'Deadline-Ms': 'soon' });
    expect(Buffer.from(delivery!.message.body).toString()).to.equal('body');
  });

  it('rejects with SUBSCRIBE_REFUSED, and does not try again', async () => {
    bench.server.rule((frame, server) => {
      if (frame.command !== 'SUBSCRIBE') return 'default';
      server.send('ERROR', { 'receipt-id': frame.headers.get('receipt') ?? '', message: 'not authorized' });
      return 'handled';
    });
    const broker = bench.broker();
    const error = await failureOf(broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore }));
    expect(error).to.include({ code: 'SUBSCRIBE_REFUSED', destination: 'q' });
    expect(error.message).to.contain('not authorized');
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
    expect([bench.server.connections.length, broker.activity().wantedSubscriptions]).to.deep.equal([1, 0]);
  });

  it('rejects with SUBSCRIBE_REFUSED also what the broker refuses when it is back', async () => {
    let isAway = true;
    bench.server.rule((frame, server) => {
      if (frame.command === 'CONNECT' && isAway) {
        isAway = false;
        server.destroy();
        return 'handled';
      }
      if (frame.command !== 'SUBSCRIBE') return 'default';
      server.send('ERROR', { 'receipt-id': frame.headers.get('receipt') ?? '', message: 'not authorized' });
      return 'handled';
    });
    const broker = bench.broker();
    const error = await failureOf(broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore }));
    expect(error.code).to.equal('SUBSCRIBE_REFUSED');
    expect(broker.activity().wantedSubscriptions).to.equal(0);
  });

  it('gives up a subscription that has not begun when it is told to', async () => {
    bench.server.rule((frame) => (frame.command === 'SUBSCRIBE' ? 'handled' : 'default'));
    const broker = bench.broker();
    const giveUp = new AbortController();
    const how = { prefetch: 1, onDelivery: ignore, giveUp: giveUp.signal };
    const failing = failureOf(broker.source.subscribe(queue('q'), how));
    await (await bench.server.connection(1)).frame('SUBSCRIBE');
    giveUp.abort();
    expect((await failing).code).to.equal('BROKER_UNAVAILABLE');
    await until(() => bench.server.open().length === 0, { what: 'the end of the socket' });
    expect(broker.activity().wantedSubscriptions).to.equal(0);
  });

  it('gives an acknowledgement that comes after its end back to the broker: it returns false', async () => {
    const deliveries: Delivery[] = [];
    const subscription = await bench
      .broker()
      .source.subscribe(queue('q'), { prefetch: 2, onDelivery: (one) => deliveries.push(one) });
    const server = await bench.server.connection(1);
    for (const ack of ['1', '2']) await server.deliver({ ack });
    await until(() => deliveries.length === 2, { what: 'two deliveries' });
    expect(deliveries[0]!.acknowledge()).to.equal(true);
    const ending = subscription.unsubscribe();
    expect(deliveries[1]!.acknowledge()).to.equal(false);
    await ending;
    expect(server.framesOf('ACK').map(({ headers }) => headers.get('id'))).to.deep.equal(['1']);
  });

  it('waits for a broker that is away', async () => {
    bench.server.rule((_, connection) => {
      connection.destroy();
      return 'handled';
    });
    const broker = bench.broker();
    const subscribing = broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore });
    await bench.server.connection(2);
    expect(broker.activity()).to.include({ wantedSubscriptions: 1, subscriptions: 0 });
    bench.server.rule(() => 'default');
    await within(subscribing, { what: 'the subscription' });
    expect(broker.activity()).to.include({ wantedSubscriptions: 1, subscriptions: 1 });
  });

  it('ends a subscription with its connection, and the others go on', async () => {
    const broker = bench.broker();
    const first = await broker.source.subscribe(queue('p'), { prefetch: 1, onDelivery: ignore });
    await broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore });
    await first.unsubscribe();
    await until(() => bench.server.open().length === 1, { what: 'the end of its socket' });
    expect(broker.activity()).to.include({ wantedSubscriptions: 1, subscriptions: 1 });
    await first.unsubscribe();
  });

  it('leaves a broker that does not say goodbye at the deadline it was given', async () => {
    const broker = bench.broker();
    const subscription = await broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore });
    const server = await bench.server.connection(1);
    bench.server.holdReceipts(true);
    const ending = subscription.unsubscribe(100);
    await server.frame('DISCONNECT');
    await within(ending, { what: 'the end of the subscription' });
    expect(broker.activity()).to.include({ wantedSubscriptions: 0, subscriptions: 0 });
    await until(() => bench.server.open().length === 0, { what: 'the end of its socket' });
  });

  it('waits 5 s for a goodbye when it was given no deadline, and never longer', async () => {
    const clock = createManualClock();
    const broker = bench.broker({ clock });
    const take = { prefetch: 1, onDelivery: ignore };
    const subscriptions = [await broker.source.subscribe(queue('p'), take)];
    subscriptions.push(await broker.source.subscribe(queue('q'), take));
    bench.server.holdReceipts(true);
    let ended = 0;
    const ending = Promise.all(
      subscriptions.map((subscription, index) =>
        subscription.unsubscribe(...(index === 0 ? [] : [20_000])).then(() => (ended += 1)),
      ),
    );
    for (const connection of bench.server.connections) await connection.frame('DISCONNECT');
    clock.advance(4_999);
    await settled();
    expect(ended).to.equal(0);
    clock.advance(1);
    await within(ending, { what: 'the end of both' });
  });

  it('subscribes to nothing without a name, and not after it was stopped', async () => {
    const broker = bench.broker();
    const take = { prefetch: 1, onDelivery: ignore };
    expect((await failureOf(broker.source.subscribe(queue(' '), take))).code).to.equal('INVALID_ARGUMENT');
    await broker.stop(1_000);
    expect((await failureOf(broker.source.subscribe(queue('q'), take))).code).to.equal('BROKER_UNAVAILABLE');
    expect(bench.server.connections).to.deep.equal([]);
  });

  it('does not leave a caller waiting whose subscription has not begun when it stops', async () => {
    bench.server.rule(() => 'handled');
    const broker = bench.broker();
    const subscribing = failureOf(broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: ignore }));
    await bench.server.connection(1);
    await broker.stop(1_000);
    expect((await within(subscribing, { what: 'the end of the wait' })).code).to.equal('BROKER_UNAVAILABLE');
  });
});
