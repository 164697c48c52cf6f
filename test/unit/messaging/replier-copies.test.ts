import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { queue } from '#core/destination.js';
import { settled } from '../../support/event-loop.js';
import { newRequestMessage, replierBench } from './replier-bench.js';

describe('a replier and requests that come again', () => {
  const bench = replierBench();

  it('lets a redelivery join the run under way: one run, one reply, the new delivery acknowledged', async () => {
    const work = createDeferred<string>();
    let runs = 0;
    await bench.start(() => {
      runs += 1;
      return work.promise;
    });
    const message = newRequestMessage();
    const first = bench.deliver(message);
    bench.source.reconnect();
    const second = bench.deliver(message);
    work.resolve('yes');
    await settled();
    expect([runs, bench.replies().length]).to.deep.equal([1, 1]);
    expect([first.isAcknowledged, second.isAcknowledged]).to.deep.equal([false, true]);
  });

  it('does not run again what it finished while the connection was gone', async () => {
    let runs = 0;
    const work = createDeferred<string>();
    await bench.start(() => {
      runs += 1;
      return work.promise;
    });
    const message = newRequestMessage();
    bench.deliver(message);
    bench.source.reconnect();
    work.resolve('yes');
    await settled();
    const again = bench.source.deliver('prices', message, { redelivered: true });
    await settled();
    expect([runs, bench.replies().length, again.isAcknowledged]).to.deep.equal([1, 1, true]);
  });

  it('answers what is sent anew after it was finished while the connection was gone: the reply may be lost', async () => {
    const work = createDeferred<string>();
    await bench.start(() => work.promise);
    const message = newRequestMessage();
    bench.deliver(message);
    bench.source.reconnect();
    work.resolve('yes');
    await settled();
    const anew = bench.deliver(message);
    await settled();
    expect([bench.replies().length, anew.isAcknowledged]).to.deep.equal([2, true]);
  });

  it('runs once what comes again while its first delivery still waits for its turn', async () => {
    const runs: string[] = [];
    const blocking = createDeferred<string>();
    await bench.start(
      (request) => {
        runs.push(request.messageId);
        return request.messageId === 'first' ? blocking.promise : 'yes';
      },
      { concurrency: 1 },
    );
    const waiting = [newRequestMessage({ messageId: 'first' }), newRequestMessage({ messageId: 'second' })];
    for (const message of waiting) bench.deliver(message);
    bench.source.reconnect();
    const again = waiting.map((message) => bench.deliver(message));
    blocking.resolve('yes');
    await settled();
    expect(runs).to.deep.equal(['first', 'second']);
    expect(again.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true, true]);
  });

  it('answers each copy of a request that two ask for at once, where each wants the reply', async () => {
    const work = createDeferred<string>();
    await bench.start(() => work.promise);
    const message = newRequestMessage();
    const elsewhere = queue('elsewhere');
    const first = bench.deliver(message);
    const second = bench.deliver({ ...message, replyTo: elsewhere });
    work.resolve('yes');
    await settled();
    expect([bench.replies().length, bench.channel.sentTo(elsewhere.name).length]).to.deep.equal([1, 1]);
    expect([first.isAcknowledged, second.isAcknowledged]).to.deep.equal([true, true]);
  });

  it('serves a request that was sent again by one run, and acknowledges both copies', async () => {
    const work = createDeferred<string>();
    let runs = 0;
    await bench.start(() => {
      runs += 1;
      return work.promise;
    });
    const message = newRequestMessage();
    const copies = [bench.deliver(message), bench.deliver({ ...message, properties: { resend: 1 } })];
    work.resolve('yes');
    await settled();
    expect([runs, bench.replies().length]).to.deep.equal([1, 1]);
    expect(copies.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true, true]);
  });

  it('answers each copy also when both waited for their turn', async () => {
    const blocking = createDeferred<string>();
    await bench.start(({ messageId }) => (messageId === 'blocking' ? blocking.promise : 'yes'), {
      concurrency: 1,
    });
    bench.deliver(newRequestMessage({ messageId: 'blocking' }));
    const message = newRequestMessage();
    const elsewhere = queue('elsewhere');
    const copies = [bench.deliver(message), bench.deliver({ ...message, replyTo: elsewhere })];
    blocking.resolve('yes');
    await settled();
    expect([bench.replies().length, bench.channel.sentTo(elsewhere.name).length]).to.deep.equal([2, 1]);
    expect(copies.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true, true]);
  });

  it('keeps one delivery of what waits for its turn, however often connections end', async () => {
    const runs: string[] = [];
    const blocking = createDeferred<string>();
    await bench.start(
      ({ messageId }) => {
        runs.push(messageId);
        return messageId === 'blocking' ? blocking.promise : 'yes';
      },
      { concurrency: 1 },
    );
    bench.deliver(newRequestMessage({ messageId: 'blocking' }));
    const message = newRequestMessage({ messageId: 'waiting' });
    bench.deliver(message);
    bench.source.reconnect();
    const again = bench.source.deliver('prices', message, { redelivered: true });
    blocking.resolve('yes');
    await settled();
    expect(runs).to.deep.equal(['blocking', 'waiting']);
    expect(again.isAcknowledged).to.equal(true);
  });

  it('runs the retry of a message though its first attempt is still known', async () => {
    const attempts: number[] = [];
    await bench.start((_, { attempt }) => void attempts.push(attempt));
    const message = newRequestMessage();
    await bench.ask(message);
    await bench.ask({ ...message, properties: { attempt: 2 } });
    expect(attempts).to.deep.equal([1, 2]);
  });
});
