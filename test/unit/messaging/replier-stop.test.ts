import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { passTime, settled } from '../../support/event-loop.js';
import { newRequestMessage, replierBench } from './replier-bench.js';

describe('a replier that stops', () => {
  const bench = replierBench();

  it('tells running handlers, answers what finishes in time, and begins nothing new', async () => {
    const work = createDeferred<string>();
    let signal: AbortSignal | undefined;
    const replier = await bench.start((_, context) => {
      ({ signal } = context);
      return work.promise;
    });
    const running = await bench.ask();
    const stopping = replier.stop(5_000);
    expect([signal?.aborted, signal?.reason]).to.deep.equal([true, 'shutting-down']);
    const late = bench.deliver(newRequestMessage());
    work.resolve('just in time');
    await stopping;
    expect([running.isAcknowledged, late.isAcknowledged, bench.replies().length]).to.deep.equal([
      true,
      false,
      1,
    ]);
    expect([bench.source.subscriptions, bench.clock.pending, replier.running]).to.deep.equal([0, 0, 0]);
  });

  it('leaves to the broker what was aborted by it, and what waited for its turn', async () => {
    const replier = await bench.start(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
      { concurrency: 1 },
    );
    const deliveries = [await bench.ask(), await bench.ask()];
    await replier.stop(5_000);
    await settled();
    expect(deliveries.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([false, false]);
    expect([bench.channel.sent, bench.clock.pending]).to.deep.equal([[], 0]);
  });

  it('takes nothing from the broker when it was stopped before its subscriptions were there', async () => {
    const arrive = bench.source.hold();
    const replier = bench.create(() => 'yes');
    const starting = replier.start();
    await replier.stop(1_000);
    arrive();
    await starting;
    expect([bench.source.subscriptions, bench.source.subscribed]).to.deep.equal([0, 1]);
  });

  it('stops at its deadline though a handler hears nothing', async () => {
    const replier = await bench.start(() => new Promise(() => undefined), { timeoutMs: 60_000 });
    const delivery = await bench.ask();
    const stopping = replier.stop(5_000);
    bench.clock.advance(5_000);
    await stopping;
    expect([delivery.isAcknowledged, bench.source.subscriptions]).to.deep.equal([false, 0]);
    // The handler's own deadline is all that is left.
    await passTime(bench.clock, 60_000, { stepMs: 10_000 });
    expect(bench.clock.pending).to.equal(0);
  });

  it('does not wait for a broker that is away: the reply is lost here, the request is not', async () => {
    const replier = await bench.start(() => 'yes');
    bench.channel.down();
    const delivery = await bench.ask();
    await replier.stop(5_000);
    expect([delivery.isAcknowledged, bench.clock.pending, bench.channel.listeners]).to.deep.equal([
      false,
      0,
      0,
    ]);
  });

  it('sends a retry at once instead of waiting for its back-off', async () => {
    const replier = await bench.start(() => {
      throw new Error('fails');
    });
    const delivery = await bench.ask();
    await replier.stop(5_000);
    expect([bench.retries().length, delivery.isAcknowledged, bench.clock.pending]).to.deep.equal([
      1,
      true,
      0,
    ]);
  });

  it('stops before it was started', async () => {
    await bench.create(() => 'yes').stop(1_000);
    expect(bench.clock.pending).to.equal(0);
  });
});
