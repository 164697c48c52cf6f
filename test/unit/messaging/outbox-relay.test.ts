import { expect } from 'chai';
import { passTime, settled } from '../../support/event-loop.js';
import { newRequest } from '../../support/requests.js';
import { idsOf, leaseMs, receiptTimeoutMs, relayBench } from './relay-bench.js';

describe('the outbox relay with requests', () => {
  const bench = relayBench();

  it('sends what is stored to its queue and records the receipt', async () => {
    const { id } = await bench.stored({ timeoutMs: 5_000 });
    const changes = bench.changes(id);
    bench.relay.start();
    await settled();
    const [frame, ...others] = bench.channel.sentTo('prices');
    expect(others).to.deep.equal([]);
    expect(frame!.message).to.deep.include({
      messageId: id,
      correlationId: null,
      replyTo: { kind: 'queue', name: 'replyto.replies' },
    });
    expect(frame!.message.properties).to.include({ attempt: 1, deadlineMs: 5_000, storeId: bench.store.id });
    expect(frame!.message.properties).to.not.have.property('resend');
    expect(await bench.record(id)).to.include({ status: 'sent', attempts: 1, resend: 0 });
    expect(changes.map(({ record }) => record.status)).to.deep.equal(['sent']);
    expect(bench.meter.counts()).to.deep.equal({ 'requests-sent': 1 });
  });

  it('times each send until its receipt or its failure', async () => {
    await bench.stored();
    bench.channel.next('hold', 'BROKER_FULL');
    bench.relay.start();
    await settled();
    bench.clock.advance(40);
    bench.channel.sent[0]!.answer('confirm');
    await settled();
    await bench.stored({ queue: 'full' });
    await passTime(bench.clock, 1_000);
    expect(bench.meter.stages).to.deep.equal([
      ['send', 'sent', 'prices', 40],
      ['send', 'full', 'full', 0],
    ]);
  });

  it('lets a receipt wait for the reply for a while, but not that of a one-way request', async () => {
    const relay = bench.another({ holdMarksMs: 100 });
    const [{ id }, oneWay] = [await bench.stored(), await bench.stored({ oneWay: true })];
    relay.start();
    await settled();
    expect(await bench.record(oneWay.id)).to.include({ status: 'completed' });
    expect(await bench.record(id)).to.include({ status: 'accepted' });
    expect(relay.marks.sentAt([id])).to.equal(bench.clock.now());
    await relay.stop(0);
    expect(await bench.record(id)).to.include({ status: 'sent' });
  });

  it('completes a one-way request with its receipt', async () => {
    const { id } = await bench.stored({ oneWay: true });
    bench.relay.start();
    await settled();
    expect(await bench.record(id)).to.include({ status: 'completed' });
    expect(bench.channel.sent[0]!.message.replyTo).to.equal(null);
    expect(bench.meter.counts()).to.deep.equal({ 'requests-sent': 1, 'requests-completed': 1 });
  });

  it('sends a request whose lease it holds at once, past the store', async () => {
    bench.relay.start();
    const request = newRequest();
    const outcome = await bench.store.requests.accept(request, { owner: 'a', leaseMs });
    expect(bench.relay.canSendNow('prices')).to.equal(true);
    if (outcome.kind === 'created') bench.relay.sendNow({ ...outcome.record, ...request });
    expect(bench.channel.sent).to.have.length(1);
    await settled();
    expect(await bench.record(request.id)).to.include({ status: 'sent', attempts: 1 });
  });

  it('keeps requests while the broker is away, and sends them when it is there, as first sends', async () => {
    bench.channel.down();
    const { id } = await bench.stored();
    bench.relay.start();
    expect(bench.relay.canSendNow('prices')).to.equal(false);
    await passTime(bench.clock, 10_000, { stepMs: 1_000 });
    expect(bench.channel.sent).to.deep.equal([]);
    bench.channel.up();
    await settled();
    expect(bench.channel.sent[0]!.message.properties).to.not.have.property('resend');
    expect(await bench.record(id)).to.include({ status: 'sent', attempts: 1, resend: 0 });
  });

  it('gives a request back as it was when the connection went before the frame was written', async () => {
    const { id } = await bench.stored();
    bench.channel.next('BROKER_UNAVAILABLE');
    bench.relay.start();
    await settled();
    expect(await bench.record(id)).to.include({ status: 'accepted', attempts: 0, resend: 0 });
    await passTime(bench.clock, 1_000);
    expect(await bench.record(id)).to.include({ status: 'sent', attempts: 1, resend: 0 });
  });

  it('sends what was not confirmed again, with the same id and Resend 1', async () => {
    const { id } = await bench.stored();
    bench.channel.next('SEND_UNCONFIRMED');
    bench.relay.start();
    await settled();
    expect(idsOf(bench.channel.sent)).to.deep.equal([id, id]);
    const [first, second] = bench.channel.sent.map(({ message }) => message.properties.resend);
    expect([first, second]).to.deep.equal([undefined, 1]);
    expect(await bench.record(id)).to.include({ status: 'sent', attempts: 2, resend: 1 });
    expect(bench.meter.of('requests-resent')).to.equal(1);
  });

  it('makes the deadline anew at every send', async () => {
    await bench.stored({ timeoutMs: 100_000 });
    bench.channel.next('hold', 'confirm');
    bench.relay.start();
    await passTime(bench.clock, 7_000);
    bench.channel.sent[0]!.answer('SEND_UNCONFIRMED');
    await settled();
    const deadlines = bench.channel.sent.map(({ message }) => message.properties.deadlineMs);
    expect(deadlines).to.deep.equal([100_000, 93_000]);
  });

  it('lets a request expire at the broker too when its route asks for that', async () => {
    const { expiresAt } = await bench.stored({ timeoutMs: 5_000, brokerExpiry: true });
    await bench.stored({ timeoutMs: 5_000 });
    bench.relay.start();
    await settled();
    expect(bench.channel.sent.map(({ options }) => options)).to.deep.equal([
      { brokerExpiresAt: expiresAt, now: expiresAt! - 5_000 },
      {},
    ]);
  });

  it('keeps a lease as long as the receipt is awaited, so that no other instance sends meanwhile', async () => {
    const { id } = await bench.stored();
    const other = bench.another({ instance: 'b' });
    bench.channel.next('hold');
    bench.relay.start();
    await settled();
    other.start();
    await passTime(bench.clock, 5 * leaseMs, { stepMs: 5_000 });
    expect(idsOf(bench.channel.sent)).to.deep.equal([id]);
    bench.channel.sent[0]!.answer('confirm');
    await passTime(bench.clock, leaseMs, { stepMs: 5_000 });
    expect(idsOf(bench.channel.sent)).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ status: 'sent', resend: 0 });
  });

  it('takes over what an instance that is gone was sending when its lease ran out, as a resend', async () => {
    const request = newRequest();
    await bench.store.requests.accept(request, { owner: 'gone', leaseMs });
    bench.relay.start();
    await passTime(bench.clock, leaseMs - 1_000, { stepMs: 1_000 });
    expect(bench.channel.sent).to.deep.equal([]);
    await passTime(bench.clock, 2_000);
    expect(idsOf(bench.channel.sent)).to.deep.equal([request.id]);
    expect(bench.channel.sent[0]!.message.properties.resend).to.equal(1);
  });

  it('sends each request once though two instances look at the same store', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 50; count += 1) ids.push((await bench.stored()).id);
    bench.relay.start();
    bench.another({ instance: 'b' }).start();
    await passTime(bench.clock, 5_000);
    expect(idsOf(bench.channel.sent).sort()).to.deep.equal(ids.sort());
  });

  it('has no more under way than it may, and of one queue about half of that', async () => {
    const relay = bench.another({ instance: 'b', maxInFlight: 3 });
    for (let count = 0; count < 10; count += 1) await bench.stored();
    bench.channel.always('hold');
    relay.start();
    await passTime(bench.clock, 3_000);
    expect(bench.channel.sent).to.have.length(2);
    await bench.stored({ queue: 'others' });
    await passTime(bench.clock, 3_000);
    expect(bench.channel.sent).to.have.length(3);
    expect(relay.status().inFlight).to.equal(3);
    expect(relay.canSendNow('third')).to.equal(false);
    bench.channel.always('confirm');
    for (const frame of [...bench.channel.sent]) frame.answer('confirm');
    await settled(60);
    expect(bench.channel.sent).to.have.length(11);
    expect(relay.status().inFlight).to.equal(0);
  });

  it('sends on when the store could not be asked for a while', async () => {
    const { id } = await bench.stored();
    bench.break('claimUnsent');
    bench.relay.start();
    await passTime(bench.clock, 5_000);
    expect(bench.logger.sentences('warn')).to.include('cannot look for messages to send');
    bench.break();
    await passTime(bench.clock, 1_000);
    expect(await bench.record(id)).to.include({ status: 'sent' });
  });

  it('sends again with the same id when the receipt could not be recorded', async () => {
    const { id } = await bench.stored();
    bench.break('markSent');
    bench.relay.start();
    await settled();
    bench.break();
    expect(await bench.record(id)).to.include({ status: 'accepted' });
    await passTime(bench.clock, leaseMs + 1_000, { stepMs: 1_000 });
    expect(idsOf(bench.channel.sent)).to.deep.equal([id, id]);
    expect(await bench.record(id)).to.include({ status: 'sent', resend: 1 });
  });

  it('never marks as sent what was cancelled while the receipt was awaited', async () => {
    const { id } = await bench.stored();
    bench.channel.next('hold');
    bench.relay.start();
    await settled();
    await bench.store.requests.cancel(id);
    bench.channel.sent[0]!.answer('confirm');
    await settled();
    expect(await bench.record(id)).to.include({ status: 'cancelled' });
  });

  it('holds leases for twice the receipt timeout, and for a minute at least', () => {
    expect(bench.relay.leaseMs).to.equal(2 * receiptTimeoutMs);
    expect(bench.another({ receiptTimeoutMs: 1_000 }).leaseMs).to.equal(60_000);
    expect(bench.another({ receiptTimeoutMs: 50_000 }).leaseMs).to.equal(100_000);
  });
});
