import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { overdueMs, owedSince } from '#adapters/stomp/overdue.js';
import { expectedIntervalMs } from '#adapters/stomp/heart-beats.js';
import { settled } from '../../../support/event-loop.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

describe('what a broker owes', () => {
  const nothing = { now: 100_000, heardAt: 0, oldestAt: undefined, beatMs: 0 };

  it('is nothing without receipts and heart-beats, however long it is silent', () => {
    expect(owedSince(nothing)).to.equal(undefined);
    expect(overdueMs([{ heardAt: 0, owedSince: undefined }], 100_000)).to.equal(0);
    expect(overdueMs([], 100_000)).to.equal(0);
  });

  it('is a receipt from when the frame was written', () => {
    expect(owedSince({ ...nothing, oldestAt: 93_000 })).to.equal(93_000);
  });

  it('is a heart-beat, of which it may leave out one', () => {
    expect(owedSince({ ...nothing, heardAt: 80_001, beatMs: 10_000 })).to.equal(undefined);
    expect(owedSince({ ...nothing, heardAt: 79_000, beatMs: 10_000 })).to.equal(99_000);
    expect(owedSince({ ...nothing, heardAt: 79_000, beatMs: 10_000, oldestAt: 98_000 })).to.equal(98_000);
  });

  it('is overdue since it was owed, or since anything came on any connection', () => {
    const idle = { heardAt: 10_000, owedSince: undefined };
    const owing = { heardAt: 20_000, owedSince: 93_000 };
    expect(overdueMs([idle, owing], 100_000)).to.equal(7_000);
    expect(overdueMs([{ ...idle, heardAt: 98_000 }, owing], 100_000)).to.equal(2_000);
    expect(overdueMs([{ ...idle, owedSince: 50_000 }, owing], 100_000)).to.equal(50_000);
  });

  it('is a heart-beat as often as both sides agreed on', () => {
    expect(expectedIntervalMs(10_000, '5000,20000')).to.equal(10_000);
    expect(expectedIntervalMs(10_000, '15000,0')).to.equal(15_000);
    for (const header of ['0,10000', '', 'often', undefined]) {
      expect(expectedIntervalMs(10_000, header), header).to.equal(0);
    }
    expect(expectedIntervalMs(0, '5000,5000')).to.equal(0);
  });
});

describe('a connection to a broker that falls silent', () => {
  const bench = stompBench({ heartBeat: '10000,10000' });

  it('knows for how long a receipt is owed, until anything comes or it ends', async () => {
    const clock = createManualClock();
    const [broker, server] = await bench.started({ clock, receiptTimeoutMs: 60_000, heartbeatMs: 10_000 });
    expect(broker.overdueMs()).to.equal(0);
    bench.server.holdReceipts(true);
    const sending = broker.channel.send(queue('q'), newMessage());
    const frame = await server.frame('SEND');
    clock.advance(4_000);
    expect(broker.overdueMs()).to.equal(4_000);
    server.write('\n');
    await until(() => broker.overdueMs() === 0, { what: 'the heart-beat' });
    clock.advance(3_000);
    expect(broker.overdueMs()).to.equal(3_000);
    server.confirm(frame);
    await sending;
    expect(broker.overdueMs()).to.equal(0);
    clock.advance(22_000);
    expect(broker.overdueMs()).to.equal(2_000);
    server.destroy();
    await until(() => !broker.channel.isUp(), { what: 'the end of the connection' });
    expect(broker.overdueMs()).to.equal(0);
    await settled();
  });
});
