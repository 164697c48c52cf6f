import { expect } from 'chai';
import { passTime, passTimeUntil, settled } from '../../support/event-loop.js';
import { newReply } from '../../support/requests.js';
import { idsOf, leaseMs, relayBench } from './relay-bench.js';

describe('the outbox relay with replies for Reply-To queues', () => {
  const bench = relayBench();

  it('delivers a reply, correlated with its request and without a reply address', async () => {
    const { id } = await bench.forwarded('answers');
    const reply = await bench.store.requests.findReply(id, 1);
    bench.relay.start();
    await settled();
    expect(bench.channel.sentTo('answers').map(({ message }) => message)).to.deep.equal([
      {
        messageId: reply!.messageId,
        correlationId: id,
        replyTo: null,
        time: reply!.time,
        contentType: reply!.contentType,
        body: reply!.body,
        applicationHeaders: {},
        properties: {},
      },
    ]);
    expect(bench.meter.of('deliveries-delivered')).to.equal(1);
    await passTime(bench.clock, 2 * leaseMs, { stepMs: 5_000 });
    expect(bench.channel.sent).to.have.length(1);
  });

  it('times each attempt from the moment at which the reply was kept', async () => {
    await bench.forwarded('answers');
    bench.clock.advance(300);
    bench.channel.next('SEND_UNCONFIRMED');
    bench.relay.start();
    await settled();
    expect(bench.meter.stages[0]).to.deep.equal(['forward', 'postponed', 'prices', 300]);
    await passTime(bench.clock, 1_000);
    expect(bench.meter.stages.map(([stage, outcome]) => `${stage} ${outcome}`)).to.deep.equal([
      'forward postponed',
      'forward delivered',
    ]);
  });

  it('delivers at once when it is told that a reply was queued', async () => {
    bench.relay.start();
    await settled();
    await bench.forwarded('answers');
    bench.relay.wakeDeliveries();
    await settled();
    expect(bench.channel.sentTo('answers')).to.have.length(1);
  });

  it('delivers the Fault of an expired request, and then the reply that came too late', async () => {
    const { id } = await bench.stored({ replyTo: 'answers', timeoutMs: 10 });
    bench.clock.advance(10);
    await bench.store.requests.expireDue(1);
    await bench.store.requests.settle(newReply(id));
    bench.relay.start();
    await passTime(bench.clock, 1_000);
    const messages = bench.channel.sentTo('answers').map(({ message }) => message);
    expect(messages.map(({ properties }) => properties.fault ?? false)).to.deep.equal([true, false]);
    expect(JSON.parse(Buffer.from(messages[0]!.body).toString())).to.include({ code: 'REQUEST_EXPIRED' });
    expect(messages.map(({ correlationId }) => correlationId)).to.deep.equal([id, id]);
  });

  it('delivers again with the same Message-ID when the receipt was lost, and never counts that', async () => {
    await bench.forwarded('answers');
    bench.channel.next('SEND_UNCONFIRMED', 'BROKER_UNAVAILABLE', 'SEND_UNCONFIRMED');
    bench.relay.start();
    await passTime(bench.clock, 5_000);
    expect(bench.channel.sent).to.have.length(4);
    expect(new Set(idsOf(bench.channel.sent)).size).to.equal(1);
    expect(bench.meter.counts()).to.include({ 'deliveries-postponed': 3, 'deliveries-delivered': 1 });
  });

  it('delivers again when the outcome could not be recorded', async () => {
    await bench.forwarded('answers');
    bench.break('finish');
    bench.relay.start();
    await settled();
    bench.break();
    await passTime(bench.clock, leaseMs + 1_000, { stepMs: 1_000 });
    expect(bench.channel.sent).to.have.length(2);
    expect(new Set(idsOf(bench.channel.sent)).size).to.equal(1);
  });

  it('never gives up for an absent broker or missing receipts, however often', async () => {
    await bench.forwarded('answers');
    bench.channel.next(...Array.from({ length: 40 }, () => 'SEND_UNCONFIRMED' as const));
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.meter.of('deliveries-delivered') === 1, {
      what: 'the delivery',
      withinMs: 10 * 60_000,
      stepMs: 1_000,
    });
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 0 });
  });

  it('makes a dead letter of what the broker refused 12 times', async () => {
    await bench.forwarded('closed');
    bench.channel.always('SEND_REFUSED');
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.meter.of('deliveries-dead') === 1, {
      what: 'the dead letter',
      withinMs: 2 * 3_600_000,
      stepMs: 1_000,
    });
    expect(bench.channel.sent).to.have.length(12);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1 });
    await passTime(bench.clock, 600_000, { stepMs: 10_000 });
    expect(bench.channel.sent).to.have.length(12);
  });

  it('makes a dead letter at once of what cannot be written at all', async () => {
    await bench.forwarded('answers');
    bench.channel.always('INVALID_ARGUMENT');
    bench.relay.start();
    await settled();
    expect([bench.channel.sent.length, bench.meter.of('deliveries-dead')]).to.deep.equal([1, 1]);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  it('holds a Reply-To queue back that takes no messages; other deliveries and requests go on', async () => {
    const held = await bench.forwarded('full');
    bench.channel.next('RECEIPT_TIMEOUT');
    bench.relay.start();
    await settled();
    expect(bench.relay.status().heldQueues).to.deep.equal(['full']);
    await bench.forwarded('answers');
    const request = await bench.stored();
    await passTimeUntil(bench.clock, () => bench.channel.sentTo('answers').length === 1, {
      what: 'the other delivery',
      withinMs: 1_000,
    });
    expect(await bench.record(request.id)).to.include({ status: 'sent' });
    expect(await bench.record(held.id)).to.include({ status: 'replied' });
  });
});

describe('the back-off of refused deliveries', () => {
  for (const [random, factor] of [
    [0, 0.5],
    [1, 1],
  ] as const) {
    const bench = relayBench({ random: () => random });

    it(`doubles from 1 s up to 5 minutes, times ${factor} when chance says ${random}`, async () => {
      await bench.forwarded('closed');
      bench.channel.always('SEND_REFUSED');
      const retries: number[] = [];
      const { outbox } = bench.store;
      const relay = bench.another({
        outbox: {
          ...outbox,
          finish(id, owner, result) {
            if (result.kind === 'refused') retries.push(result.retryMs);
            return outbox.finish(id, owner, result);
          },
        },
      });
      relay.start();
      for (let count = 1; count < 12; count += 1) {
        await passTimeUntil(bench.clock, () => bench.meter.of('deliveries-refused') === count, {
          what: `refusal ${count}`,
          withinMs: 3_600_000,
          stepMs: 250,
        });
      }
      const ceilings = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000);
      expect(retries).to.deep.equal(ceilings.map((ceiling) => ceiling * factor));
    });
  }
});
