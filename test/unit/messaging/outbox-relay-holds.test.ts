import { expect } from 'chai';
import { passTime, passTimeUntil, settled } from '../../support/event-loop.js';
import { idsOf, leaseMs, relayBench } from './relay-bench.js';

/** Names the requests of one queue, oldest first. */
async function three(stored: () => Promise<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.push((await stored()).id);
  return ids;
}

describe('the outbox relay with a queue that takes no messages', () => {
  const bench = relayBench();

  it('holds the queue back after a missing receipt; other queues go on', async () => {
    const full = await three(() => bench.stored({ queue: 'full' }));
    bench.channel.always(({ destination }) => (destination.name === 'full' ? 'hold' : 'confirm'));
    bench.relay.start();
    await settled();
    bench.channel.sentTo('full')[0]!.answer('RECEIPT_TIMEOUT');
    for (const frame of bench.channel.sentTo('full').slice(1)) frame.answer('SEND_UNCONFIRMED');
    await settled();
    expect(bench.relay.status().heldQueues).to.deep.equal(['full']);
    expect([bench.relay.canSendNow('full'), bench.relay.canSendNow('prices')]).to.deep.equal([false, true]);
    expect(bench.meter.of('receipts-missed')).to.equal(1);
    const { id } = await bench.stored();
    bench.relay.start();
    await passTime(bench.clock, 500);
    expect(idsOf(bench.channel.sentTo('full'))).to.deep.equal(full);
    expect(await bench.record(id)).to.include({ status: 'sent' });
  });

  it('holds it back also when the broker says that it is full', async () => {
    const full = await three(() => bench.stored({ queue: 'full' }));
    bench.channel.always('BROKER_FULL');
    bench.relay.start();
    await settled();
    expect(idsOf(bench.channel.sent)).to.deep.equal(full);
    expect(bench.relay.status().heldQueues).to.deep.equal(['full']);
    bench.channel.always('confirm');
    await passTime(bench.clock, 1_000);
    expect(idsOf(bench.channel.sent.slice(3))).to.deep.equal(full);
    expect(bench.relay.status().heldQueues).to.deep.equal([]);
  });

  it('probes a held queue with its oldest request alone, and goes on when that is confirmed', async () => {
    const full = await three(() => bench.stored({ queue: 'full' }));
    bench.channel.next('RECEIPT_TIMEOUT', 'SEND_UNCONFIRMED', 'SEND_UNCONFIRMED');
    bench.channel.always('hold');
    bench.relay.start();
    await passTime(bench.clock, 10_000);
    expect(idsOf(bench.channel.sent.slice(3))).to.deep.equal([full[0]]);
    bench.channel.always('confirm');
    bench.channel.sent[3]!.answer('confirm');
    await settled();
    expect(idsOf(bench.channel.sent.slice(4))).to.deep.equal(full.slice(1));
    expect(bench.relay.status().heldQueues).to.deep.equal([]);
    expect(bench.channel.sent[3]!.message.properties.resend).to.equal(1);
  });

  it('probes less and less often while receipts are missing: 1 s, 2 s, 4 s, ... 60 s', async () => {
    await bench.stored({ queue: 'full' });
    bench.channel.always('RECEIPT_TIMEOUT');
    bench.relay.start();
    await settled();
    const gaps: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      const before = bench.channel.sent.length;
      gaps.push(
        await passTimeUntil(bench.clock, () => bench.channel.sent.length > before, {
          what: 'a probe',
          withinMs: 70_000,
          stepMs: 500,
        }),
      );
    }
    expect(gaps).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('probes again when a probe was lost with its connection', async () => {
    const { id } = await bench.stored({ queue: 'full' });
    bench.channel.next('RECEIPT_TIMEOUT', 'SEND_UNCONFIRMED');
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.channel.sent.length === 3, {
      what: 'another probe',
      withinMs: 120_000,
    });
    expect(await bench.record(id)).to.include({ status: 'sent' });
    expect(bench.relay.status().heldQueues).to.deep.equal([]);
  });

  it('probes again when the broker was away at the time of a probe, with one message still', async () => {
    const full = await three(() => bench.stored({ queue: 'full' }));
    bench.channel.next('RECEIPT_TIMEOUT', 'SEND_UNCONFIRMED', 'SEND_UNCONFIRMED');
    bench.channel.always('hold');
    bench.relay.start();
    await settled();
    bench.channel.down();
    await passTime(bench.clock, 5_000);
    bench.channel.up();
    await settled();
    expect(bench.channel.sent.length, 'sends before the probe').to.equal(3);
    await passTime(bench.clock, 60_000);
    expect(idsOf(bench.channel.sent.slice(3))).to.deep.equal([full[0]]);
  });

  it('holds a queue once for all that was under way when it stopped taking messages', async () => {
    await three(() => bench.stored({ queue: 'full' }));
    bench.channel.next('SEND_REFUSED', 'SEND_REFUSED', 'SEND_REFUSED');
    bench.relay.start();
    await settled();
    expect(bench.channel.sent).to.have.length(3);
    await passTime(bench.clock, 1_000);
    expect(bench.channel.sent).to.have.length(6);
  });

  it('never counts an absent or full broker, a lost connection or a missing receipt, however often', async () => {
    const { id } = await bench.stored({ queue: 'full' });
    bench.channel.next(
      ...Array.from({ length: 40 }, (_, index) =>
        (['BROKER_UNAVAILABLE', 'SEND_UNCONFIRMED', 'RECEIPT_TIMEOUT', 'BROKER_FULL'] as const).at(
          index % 4,
        )!,
      ),
    );
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.channel.sent.length === 41, {
      what: 'the confirmed send',
      withinMs: 60 * 60_000,
    });
    expect(await bench.record(id)).to.include({ status: 'sent', fault: null });
  });
});

describe('the outbox relay with a broker that refuses', () => {
  const bench = relayBench();

  it('ends a request as faulted after 12 refusals, and tells its waiters', async () => {
    const { id } = await bench.stored({ queue: 'closed', replyTo: 'answers' });
    const changes = bench.changes(id);
    bench.channel.always(({ destination }) => (destination.name === 'closed' ? 'SEND_REFUSED' : 'confirm'));
    bench.relay.start();
    await passTimeUntil(bench.clock, () => changes.length > 0, { what: 'the end', withinMs: 30 * 60_000 });
    expect(bench.channel.sentTo('closed')).to.have.length(12);
    const record = await bench.record(id);
    expect(record).to.deep.include({ status: 'faulted', replies: 1 });
    expect(record.fault).to.include({ code: 'SEND_REFUSED', retryable: false });
    expect(changes[0]).to.deep.include({ record });
    expect(changes[0]!.reply).to.deep.include({ requestId: id, fault: record.fault });
    expect(bench.meter.of('requests-faulted')).to.equal(1);
    await passTime(bench.clock, 2_000);
    const [forwarded] = bench.channel.sentTo('answers');
    expect(forwarded!.message).to.deep.include({ correlationId: id });
    expect(forwarded!.message.properties.fault).to.equal(true);
  });

  it('counts refusals alone: a request that was often unconfirmed is not given up for one refusal', async () => {
    const { id } = await bench.stored({ queue: 'closed' });
    bench.channel.next(...Array.from({ length: 11 }, () => 'SEND_UNCONFIRMED' as const), 'SEND_REFUSED');
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.channel.sent.length >= 12, {
      what: 'the refusal',
      withinMs: 60_000,
    });
    await passTime(bench.clock, 5_000);
    expect(await bench.record(id)).to.include({ status: 'sent' });
  });

  it('gives up what cannot be written at all, without holding its queue back', async () => {
    const { id } = await bench.stored();
    bench.channel.always(({ message }) => (message.messageId === id ? 'INVALID_ARGUMENT' : 'confirm'));
    bench.relay.start();
    await settled();
    const other = await bench.stored();
    await passTime(bench.clock, 2_000);
    expect(await bench.record(other.id)).to.include({ status: 'sent' });
    expect(await bench.record(id)).to.include({ status: 'faulted' });
    expect(bench.channel.sent).to.have.length(2);
  });

  it('leaves a request as it ended when the last refusal comes after that', async () => {
    const { id } = await bench.stored({ queue: 'closed', replyTo: 'answers' });
    const refusals = (): number => bench.channel.sentTo('closed').length;
    bench.channel.always(({ destination }) =>
      destination.name !== 'closed' ? 'confirm' : refusals() === 12 ? 'hold' : 'SEND_REFUSED',
    );
    bench.relay.start();
    await passTimeUntil(bench.clock, () => refusals() === 12, {
      what: 'the twelfth attempt',
      withinMs: 30 * 60_000,
    });
    const cancelled = await bench.store.requests.cancel(id);
    bench.channel.sentTo('closed').at(-1)!.answer('SEND_REFUSED');
    await passTime(bench.clock, 5_000);
    expect(await bench.record(id)).to.deep.equal(cancelled!.record);
    expect([bench.channel.sentTo('answers'), bench.meter.of('requests-faulted')]).to.deep.equal([[], 0]);
  });

  it('tries a refused request again as a resend, for the refusal may concern another copy', async () => {
    const { id } = await bench.stored();
    bench.channel.next('SEND_REFUSED');
    bench.relay.start();
    await passTime(bench.clock, 2_000);
    expect(idsOf(bench.channel.sent)).to.deep.equal([id, id]);
    expect(await bench.record(id)).to.include({ status: 'sent', resend: 1 });
  });

  it('survives a store that cannot keep the fault, and gives up later', async () => {
    const { id } = await bench.stored({ queue: 'closed' });
    bench.channel.always('SEND_REFUSED');
    bench.break('giveUpSend');
    bench.relay.start();
    await passTimeUntil(bench.clock, () => bench.channel.sent.length === 12, {
      what: 'the twelfth refusal',
      withinMs: 30 * 60_000,
      stepMs: 1_000,
    });
    await settled();
    expect(await bench.record(id)).to.include({ status: 'accepted' });
    bench.break();
    await passTime(bench.clock, leaseMs + 120_000, { stepMs: 1_000 });
    expect(await bench.record(id)).to.include({ status: 'faulted' });
  });
});
