import { expect } from 'chai';
import { passTime, settled } from '../../support/event-loop.js';
import { leaseMs, relayBench } from './relay-bench.js';

describe('the outbox relay when it stops', () => {
  const bench = relayBench();

  it('waits for the receipts under way, and leaves no timer, listener or lease', async () => {
    const { id } = await bench.stored();
    await bench.forwarded('answers');
    bench.channel.always('hold');
    bench.relay.start();
    await settled();
    const stopping = bench.relay.stop(10_000);
    for (const frame of [...bench.channel.sent]) frame.answer('confirm');
    await stopping;
    expect(await bench.record(id)).to.include({ status: 'sent' });
    expect(bench.meter.of('deliveries-delivered')).to.equal(1);
    expect([bench.clock.pending, bench.channel.listeners]).to.deep.equal([0, 0]);
    expect(bench.relay.status()).to.deep.equal({ inFlight: 0, heldQueues: [] });
  });

  it('leaves no timer of a held queue', async () => {
    await bench.stored();
    bench.channel.next('RECEIPT_TIMEOUT');
    bench.relay.start();
    await settled();
    await bench.relay.stop(10_000);
    expect(bench.clock.pending).to.equal(0);
  });

  it('sends nothing any more, and says that there is no room', async () => {
    bench.relay.start();
    await settled();
    await bench.relay.stop(10_000);
    await bench.stored();
    bench.channel.up();
    bench.relay.wakeDeliveries();
    await passTime(bench.clock, 2 * leaseMs, { stepMs: 5_000 });
    expect(bench.channel.sent).to.deep.equal([]);
    expect(bench.relay.canSendNow('prices')).to.equal(false);
  });

  it('leaves what was not confirmed to whoever comes after its lease', async () => {
    const { id } = await bench.stored();
    bench.channel.next('hold');
    bench.relay.start();
    await settled();
    const stopping = bench.relay.stop(1_000);
    bench.clock.advance(1_000);
    await stopping;
    const next = bench.another({ instance: 'b' });
    next.start();
    await passTime(bench.clock, leaseMs + 1_000, { stepMs: 1_000 });
    expect(await bench.record(id)).to.include({ status: 'sent', resend: 1 });
  });
});
