import { expect } from 'chai';
import { openPassingStore } from '#app/library/open-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newFaultReply, newReply, newRequest } from '../../../support/requests.js';

describe('the store of a requestor that was given none', () => {
  const minuteMs = 60_000;

  it('keeps what has ended for a minute, and after it nothing', async () => {
    const clock = createManualClock(Date.now());
    const store = openPassingStore(clock);
    const { requests, deadLetters } = store;
    const accepting = { owner: null, leaseMs: 0 };
    const ids = ['replied', 'faulted', 'cancelled', 'expired'];
    for (const id of ids) await requests.accept(newRequest({ id, timeoutMs: 1 }), accepting);
    await requests.accept(newRequest({ id: 'open', timeoutMs: null }), accepting);
    await requests.settle(newReply('replied'));
    await requests.settle(newFaultReply('faulted'));
    await requests.cancel('cancelled');
    clock.advance(1);
    await requests.expireDue(10);
    await requests.settle(newReply('nobody'));

    clock.advance(minuteMs - 2);
    await requests.sweep(500);
    expect((await requests.list({ limit: 10 })).map(({ id }) => id)).to.have.members([...ids, 'open']);
    expect(await deadLetters.count()).to.include({ 'unmatched-reply': 1 });

    clock.advance(2);
    await requests.sweep(500);
    expect((await requests.list({ limit: 10 })).map(({ id }) => id)).to.deep.equal(['open']);
    expect(await requests.findReply('replied', 1)).to.equal(null);
    expect(await requests.events('replied', 0, 10)).to.deep.equal([]);
    expect(await deadLetters.count()).to.deep.equal({ 'dead-letter': 0, invalid: 0, 'unmatched-reply': 0 });
    await store.close();
  });

  it('keeps no message that could not be read: nobody could ever look at it', async () => {
    const store = openPassingStore(createManualClock());
    const letter = {
      id: '1',
      kind: 'invalid',
      reason: 'broken',
      queue: 'back',
      headers: {},
      body: Buffer.of(1),
    } as const;
    expect(await store.deadLetters.keep(letter)).to.equal(true);
    expect(await store.deadLetters.count()).to.include({ invalid: 0 });
    await store.close();
  });
});
