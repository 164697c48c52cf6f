import { expect } from 'chai';
import type { MessageExpiration, MessageExpirationOptions } from '#messaging/message-expiration.js';
import { createMessageExpiration } from '#messaging/message-expiration.js';
import { passTime, settled } from '../../support/event-loop.js';
import { newRequest } from '../../support/requests.js';
import { leaseMs, relayBench } from './relay-bench.js';

describe('message expiration', () => {
  const bench = relayBench();
  let ended: number;
  let forwards: number;
  let running: MessageExpiration | undefined;

  beforeEach(() => {
    [ended, forwards] = [0, 0];
  });
  afterEach(() => running?.stop());

  function start(options: Partial<MessageExpirationOptions> = {}): void {
    const { store, watch, clock, logger, meter } = bench;
    running = createMessageExpiration({
      ...{ store: store.requests, watch, clock, logger, meter },
      onForward: () => (forwards += 1),
      onEnded: () => (ended += 1),
      ...options,
    });
    running.start();
  }

  it('ends a request at its deadline and tells its waiters', async () => {
    const { id } = await bench.stored({ timeoutMs: 1_000 });
    const changes = bench.changes(id);
    start();
    await passTime(bench.clock, 750);
    expect(changes).to.deep.equal([]);
    await passTime(bench.clock, 250);
    expect(changes).to.deep.equal([{ record: await bench.record(id), reply: null }]);
    expect(await bench.record(id)).to.include({ status: 'expired' });
    expect([ended, forwards, bench.meter.counts()]).to.deep.equal([1, 0, { 'requests-expired': 1 }]);
  });

  it('lets the Fault for a Reply-To queue go', async () => {
    await bench.stored({ timeoutMs: 100, replyTo: 'answers' });
    start();
    await passTime(bench.clock, 250);
    expect(forwards).to.equal(1);
    const due = await bench.store.outbox.claimDue({ owner: 'a', leaseMs, limit: 10 });
    expect(due.map(({ queue, reply }) => [queue, reply])).to.deep.equal([['answers', null]]);
  });

  it('ends 1,200 requests that are due at once by and by, so that others have their turn', async () => {
    await Promise.all(
      Array.from({ length: 1_200 }, () =>
        bench.store.requests.accept(newRequest({ timeoutMs: 10 }), { owner: null, leaseMs }),
      ),
    );
    const batches: number[] = [];
    start({
      store: {
        ...bench.store.requests,
        async expireDue(limit) {
          const expired = await bench.store.requests.expireDue(limit);
          batches.push(expired.length);
          return expired;
        },
      },
    });
    bench.clock.advance(250);
    await settled(60);
    expect([ended, (await bench.store.requests.counts()).pending]).to.deep.equal([25, 1_175]);
    await passTime(bench.clock, 10, { stepMs: 1 });
    expect([ended, (await bench.store.requests.counts()).pending]).to.deep.equal([1_200, 0]);
    expect(batches).to.deep.equal([25, 50, 100, 200, 200, 200, 200, 200, 25]);
  });

  it('ends fewer at a time where that takes long, and rests as long in between', async () => {
    await Promise.all(
      Array.from({ length: 300 }, () =>
        bench.store.requests.accept(newRequest({ timeoutMs: 10 }), { owner: null, leaseMs }),
      ),
    );
    const begun: (readonly [at: number, limit: number])[] = [];
    const { clock } = bench;
    const startedAt = clock.monotonic();
    start({
      store: {
        ...bench.store.requests,
        async expireDue(limit) {
          begun.push([clock.monotonic() - startedAt, limit]);
          const expired = await bench.store.requests.expireDue(limit);
          clock.advance(expired.length / 5);
          return expired;
        },
      },
    });
    await passTime(clock, 340, { stepMs: 1 });
    expect(begun.slice(0, 4)).to.deep.equal([
      [250, 25],
      [260, 50],
      [280, 50],
      [300, 50],
    ]);
  });

  it('goes on after the store was away', async () => {
    const { id } = await bench.stored({ timeoutMs: 100 });
    let isAway = true;
    start({
      store: {
        ...bench.store.requests,
        expireDue: (limit) =>
          isAway ? Promise.reject(new Error('away')) : bench.store.requests.expireDue(limit),
      },
    });
    await passTime(bench.clock, 1_000);
    expect(bench.logger.sentences('warn')).to.include('what is past its deadline could not be ended');
    isAway = false;
    await passTime(bench.clock, 250);
    expect(await bench.record(id)).to.include({ status: 'expired' });
  });

  it('stops at once and leaves no timer', async () => {
    const { id } = await bench.stored({ timeoutMs: 100 });
    start();
    running?.stop();
    expect(bench.clock.pending).to.equal(0);
    await passTime(bench.clock, 1_000);
    expect(await bench.record(id)).to.include({ status: 'accepted' });
  });
});
