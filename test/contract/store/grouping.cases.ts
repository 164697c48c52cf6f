import { expect } from 'chai';
import { newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** Group commit: many operations, few transactions. */
export function groupingCases(test: Case, bench: StoreBench): void {
  test('makes far fewer transactions than requests when 50 callers post at once', async () => {
    const { requests } = bench.store;
    const before = bench.store.transactions();
    const caller = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn += 1) {
        await requests.accept(newRequest(), { owner: 'a', leaseMs });
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    const transactions = bench.store.transactions() - before;
    expect(await requests.counts()).to.deep.equal({ pending: 5_000, unsent: 5_000 });
    expect(transactions).to.be.at.most(500);
  });

  test('makes one transaction for what one caller waits for, and none while nothing is asked', async () => {
    const before = bench.store.transactions();
    await bench.accepted();
    await bench.store.requests.list({ limit: 10 });
    expect(bench.store.transactions() - before).to.be.within(1, 2);
  });

  test('fails only the operation that cannot be stored, and commits its neighbours', async () => {
    const { requests } = bench.store;
    const neighbours = [newRequest(), newRequest()];
    // NUL cannot stand in a column of text; checks at the edge keep it out.
    const bad = newRequest({ queue: 'a\0b' });
    const known = await bench.sent();
    const outcomes = await Promise.allSettled([
      requests.accept(neighbours[0]!, { owner: null, leaseMs }),
      requests.accept(bad, { owner: null, leaseMs }),
      requests.settle(newReply(known.id)),
      requests.accept(neighbours[1]!, { owner: null, leaseMs }),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await requests.find(bad.id)).to.equal(null);
    expect(await bench.history(known.id)).to.deep.equal(['accepted', 'sent', 'replied']);
    for (const { id } of neighbours) expect(await bench.history(id)).to.deep.equal(['accepted']);
  });

  test('gives every caller of one group the outcome of its own operation', async () => {
    const request = newRequest();
    const { requests } = bench.store;
    const [first, second, third, cancelled, sent] = await Promise.all([
      requests.accept(request, { owner: 'a', leaseMs }),
      requests.accept(request, { owner: 'b', leaseMs }),
      requests.accept({ ...request, fingerprint: 'another' }, { owner: 'c', leaseMs }),
      requests.cancel(request.id),
      requests.markSent(request.id),
    ]);
    expect([first.kind, second.kind, third.kind]).to.deep.equal(['created', 'joined', 'mismatch']);
    expect([cancelled?.changed, sent]).to.deep.equal([true, null]);
  });
}
