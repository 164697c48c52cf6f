/** What was written before a connection is closed still gets its receipt. */
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { settled } from '../../../support/event-loop.js';
import { happens } from '../../../support/happens.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { until, within } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

describe('the end of connections over which messages are under way', () => {
  const bench = stompBench();

  const outcome = (broker: StompBroker, name = 'q'): Promise<string> =>
    broker.channel.send(queue(name), newMessage()).then(
      () => 'confirmed',
      (error: unknown) => toReplytoError(error).code,
    );

  /** The answer of a broker that is a while behind. */
  function confirmLate(ms: () => number): void {
    bench.server.rule((frame, at) => {
      if (frame.command !== 'SEND') return 'default';
      setTimeout(() => at.confirm(frame), ms());
      return 'handled';
    });
  }

  happens(
    'Surroundings',
    'a process stops while the broker has not confirmed what it sent',
    'it takes nothing more, waits for the receipts until its deadline, and only then says goodbye',
    async () => {
      confirmLate(() => 100);
      const [broker, there] = await bench.started();
      const sending = Array.from({ length: 50 }, () => outcome(broker));
      await there.frame('SEND', 50);
      const stopping = broker.stop(60_000);
      await settled();
      expect(await outcome(broker)).to.equal('BROKER_UNAVAILABLE');
      expect(new Set(await Promise.all(sending))).to.deep.equal(new Set(['confirmed']));
      await within(stopping, { what: 'the end' });
      expect(there.frames.at(-1)!.command).to.equal('DISCONNECT');
    },
  );

  it('comes at the deadline when a receipt does not', async () => {
    bench.server.holdReceipts(true);
    const [broker, there] = await bench.started();
    const sending = outcome(broker);
    await there.frame('SEND');
    await within(broker.stop(200), { what: 'the end' });
    expect(await sending).to.equal('SEND_UNCONFIRMED');
    expect(there.framesOf('DISCONNECT')).to.deep.equal([]);
  });

  it('leaves time for receipts when a subscription gets no answer to its goodbye', async () => {
    confirmLate(() => 300);
    const [broker, there] = await bench.started();
    await broker.source.subscribe(queue('q'), { prefetch: 1, onDelivery: () => undefined });
    const receiving = await bench.server.connection(2);
    const sending = outcome(broker);
    await there.frame('SEND');
    bench.server.rule((frame, at) => {
      if (frame.command === 'DISCONNECT' && at === receiving) return 'handled';
      return 'default';
    });
    await within(broker.stop(3_000), { what: 'the end' });
    expect(await sending).to.equal('confirmed');
    expect(there.framesOf('DISCONNECT')).to.have.length(1);
  });

  it('of the connection for a full queue does not lose what was sent when it takes messages again', async () => {
    let isFull = true;
    let confirmed = 0;
    bench.server.rule((frame, at) => {
      if (frame.command !== 'SEND') return 'default';
      if (!isFull) setTimeout(() => at.confirm(frame), 20 * confirmed++);
      return 'handled';
    });
    const [broker] = await bench.started({ receiptTimeoutMs: 1_000 });
    expect(await outcome(broker)).to.equal('RECEIPT_TIMEOUT');
    isFull = false;
    await until(() => broker.channel.isUp() && bench.server.open().length === 2, {
      what: 'both connections',
    });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(broker)));
    expect(new Set(outcomes)).to.deep.equal(new Set(['confirmed']));
    await until(() => bench.server.open().length === 1, { what: 'the end of the one apart' });
  });
});

describe('the end of the connection for suspects, which RabbitMQ does not answer', () => {
  const bench = stompBench({ name: 'RabbitMQ/4.3.5' });

  it('keeps the deadline of a stop that comes after it began', async () => {
    let isFirst = true;
    bench.server.rule((frame, at) => {
      if (frame.command === 'DISCONNECT' && at === bench.server.connections[2]) return 'handled';
      if (frame.command !== 'SEND' || !isFirst) return 'default';
      isFirst = false;
      at.destroy();
      return 'handled';
    });
    const clock = createManualClock();
    const [broker] = await bench.started({ clock });
    const message = newMessage();
    const first = await broker.channel.send(queue('q'), message).catch(toReplytoError);
    expect(first).to.include({ code: 'SEND_UNCONFIRMED' });
    // The shared one comes back after a pause, and then the suspect gets one of its own.
    await settled();
    clock.advance(200);
    await until(() => broker.channel.isUp(), { what: 'the shared connection' });
    await broker.channel.send(queue('q'), message);
    const trial = bench.server.connections[2]!;
    expect(trial.framesOf('SEND')).to.have.length(1);
    clock.advance(5_000);
    await trial.frame('DISCONNECT');
    const stopping = broker.stop(200);
    await until(() => bench.server.open().length === 1, { what: 'the end of the shared connection' });
    clock.advance(200);
    await within(stopping, { what: 'the end' });
    await until(() => bench.server.open().length === 0, { what: 'the end of every socket' });
  });
});
