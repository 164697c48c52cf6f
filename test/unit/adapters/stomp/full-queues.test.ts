import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { Destination } from '#core/destination.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { settled } from '../../../support/event-loop.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const full = queue('full');
const other = queue('other');

describe('a broker that does not confirm what is sent to some of its queues', () => {
  const bench = stompBench();

  /** As a broker whose queue is full: its messages are parked, and those for others taken. */
  function fill(isFull: (name: string) => boolean): void {
    bench.server.rule((frame) =>
      frame.command === 'SEND' && isFull((frame.headers.get('destination') ?? '').replace('/queue/', ''))
        ? 'handled'
        : 'default',
    );
  }

  const outcome = (broker: StompBroker, destination: Destination): Promise<string> =>
    broker.channel.send(destination, newMessage()).then(
      () => 'confirmed',
      (error: unknown) => toReplytoError(error).code,
    );

  const sentTo = (connection: FakeStompConnection, name: string): number =>
    connection.framesOf('SEND').filter(({ headers }) => headers.get('destination') === `/queue/${name}`)
      .length;

  happens(
    'Surroundings',
    'a queue at the broker is full and thousands of messages wait for it',
    'messages to other queues overtake them and are confirmed at once',
    async () => {
      fill((name) => name === 'full');
      const [broker, server] = await bench.started({ maxUnconfirmed: 50, receiptTimeoutMs: 60_000 });
      const stuck = Array.from({ length: 3_000 }, () => outcome(broker, full));
      const others = Array.from({ length: 200 }, () => outcome(broker, other));
      expect(new Set(await within(Promise.all(others), { what: 'the others' }))).to.deep.equal(
        new Set(['confirmed']),
      );
      expect(sentTo(server, 'full')).to.be.within(20, 49);
      expect(broker.activity().sends).to.equal(3_000);
      await broker.stop(0);
      expect(new Set(await Promise.all(stuck))).to.deep.equal(
        new Set(['SEND_UNCONFIRMED', 'BROKER_UNAVAILABLE']),
      );
    },
  );

  happens(
    'Surroundings',
    'ten queues at the broker are full at the same time',
    'every other queue still gets its messages',
    async () => {
      fill((name) => name.startsWith('full'));
      const [broker] = await bench.started({ maxUnconfirmed: 500, receiptTimeoutMs: 60_000 });
      const stuck = Array.from({ length: 10_000 }, (_, index) =>
        outcome(broker, queue(`full-${index % 10}`)),
      );
      expect(await within(outcome(broker, other), { what: 'the other' })).to.equal('confirmed');
      await broker.stop(0);
      await Promise.all(stuck);
    },
  );

  it('lets destinations take turns, each in its own order', async () => {
    bench.server.holdReceipts(true);
    const [broker, server] = await bench.started({ maxUnconfirmed: 1 });
    const sending = ['a', 'a', 'a', 'b', 'c', 'b'].map((name, index) =>
      broker.channel.send(queue(name), newMessage({ messageId: `${name}${index}` })),
    );
    for (const nth of [1, 2, 3, 4, 5, 6]) server.confirm(await server.frame('SEND', nth));
    await Promise.all(sending);
    const order = server.framesOf('SEND').map(({ headers }) => headers.get('Message-ID'));
    expect(order).to.deep.equal(['a0', 'a1', 'b3', 'c4', 'a2', 'b5']);
  });

  happens(
    'Surroundings',
    'a message to a full queue is tried again and again',
    'only the first missing receipt ends a connection that others use; later ones end one of their own, until the queue takes messages again',
    async () => {
      fill((name) => name === 'full');
      const [broker, first] = await bench.started({ receiptTimeoutMs: 300 });
      expect(await outcome(broker, full)).to.equal('RECEIPT_TIMEOUT');
      await until(() => first.isClosed() && bench.server.open().length === 2 && broker.channel.isUp(), {
        what: 'the connection for others, and the one apart',
      });
      const shared = await until(
        async () => {
          await broker.channel.send(other, newMessage());
          return bench.server.open().find((connection) => sentTo(connection, 'other') > 0);
        },
        { what: 'the connection for others' },
      );
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await until(() => bench.server.open().length === 2, { what: 'the connection apart' });
        const trying = outcome(broker, full);
        const around = await outcome(broker, other);
        expect([around, await trying]).to.deep.equal(['confirmed', 'RECEIPT_TIMEOUT']);
      }
      expect([shared.isClosed(), sentTo(shared, 'full')]).to.deep.equal([false, 0]);

      await until(() => bench.server.open().length === 2, { what: 'the connection apart' });
      fill(() => false);
      expect(await outcome(broker, full)).to.equal('confirmed');
      await until(() => bench.server.open().length === 1, { what: 'the end of the connection apart' });
      expect(await outcome(broker, full)).to.equal('confirmed');
      expect(sentTo(shared, 'full')).to.equal(1);
      await broker.stop(1_000);
      await until(() => bench.server.open().length === 0, { what: 'the end of every socket' });
    },
  );

  it('leaves no connection when it is stopped while a queue is full', async () => {
    fill((name) => name === 'full');
    const [broker] = await bench.started({ receiptTimeoutMs: 200 });
    expect(await outcome(broker, full)).to.equal('RECEIPT_TIMEOUT');
    await broker.stop(200);
    await until(() => bench.server.open().length === 0, { what: 'the end of every socket' });
    expect(broker.activity().sends).to.equal(0);
  });

  describe('while all places of the shared connection are taken, and those of the one apart are not', () => {
    let clock: ManualClock;
    let broker: StompBroker;
    let shared: FakeStompConnection;
    let apart: FakeStompConnection;
    let congestionAsked = 0;

    beforeEach(async () => {
      clock = createManualClock();
      [broker] = await bench.started({ clock, maxUnconfirmed: 4 });
      fill(() => true);
      for (const name of ['full-1', 'full-2']) {
        const missing = outcome(broker, queue(name));
        await until(() => bench.server.open().some((one) => sentTo(one, name) > 0), { what: name });
        clock.advance(2_000);
        expect(await missing).to.equal('RECEIPT_TIMEOUT');
        await settled();
        clock.advance(200);
        await until(() => broker.channel.isUp() && bench.server.open().length === 2, {
          what: 'the shared connection, and the one apart',
        });
      }
      for (let nth = 0; nth < 500; nth += 1) void outcome(broker, queue(`other-${nth}`));
      [shared, apart] = await until(
        () => {
          const [one, two] = bench.server.open();
          if (one!.framesOf('SEND').length === 4) return [one!, two!];
          return two!.framesOf('SEND').length === 4 ? [two!, one!] : undefined;
        },
        { what: 'four sends' },
      );
      congestionAsked = 0;
      const descriptor = Object.getOwnPropertyDescriptor(Duplex.prototype, 'writableNeedDrain')!;
      Object.defineProperty(Socket.prototype, 'writableNeedDrain', {
        configurable: true,
        get(this: Socket) {
          congestionAsked += 1;
          return descriptor.get!.call(this) as boolean;
        },
      });
    });
    afterEach(async () => {
      delete (Socket.prototype as { writableNeedDrain?: boolean }).writableNeedDrain;
      const stopping = broker.stop(0);
      await settled();
      clock.advance(0);
      await stopping;
    });

    it('does not ask for a place anew for each of hundreds of destinations that wait', async () => {
      for (let nth = 1; nth <= 10; nth += 1) {
        shared.confirm(await shared.frame('SEND', nth));
        await shared.frame('SEND', nth + 4);
      }
      expect(congestionAsked).to.be.within(1, 200);
    });

    it('sends what waits for a place apart, behind hundreds that wait for a shared one', async () => {
      const first = outcome(broker, queue('full-1'));
      for (const name of ['full-1', 'full-1', 'full-2', 'full-2']) void outcome(broker, queue(name));
      await apart.frame('SEND', 4);
      await settled();
      expect([sentTo(apart, 'full-1'), sentTo(apart, 'full-2')]).to.deep.equal([3, 1]);
      apart.confirm(apart.framesOf('SEND')[0]!);
      expect(await first).to.equal('confirmed');
      await apart.frame('SEND', 5);
      expect([sentTo(apart, 'full-2'), shared.framesOf('SEND').length]).to.deep.equal([2, 4]);
    });
  });
});
